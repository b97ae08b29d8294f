// Light, dark, or as the system is set.

import { byId } from "./dom.js";
import { set } from "./store.js";

const KEY = "hubplanner-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

export const dark = () => document.documentElement.dataset.theme === "dark";

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
  set({ theme });
}

function remembered() {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null; // storage may be switched off; the system's choice does then
  }
}

function remember(theme) {
  try {
    window.localStorage.setItem(KEY, theme);
  } catch {
    // as above
  }
}

export function startTheme() {
  apply(remembered() || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => remembered() || apply(system.matches ? "dark" : "light"));
  byId("theme").addEventListener("click", () => {
    const theme = dark() ? "light" : "dark";
    remember(theme);
    apply(theme);
  });
}
