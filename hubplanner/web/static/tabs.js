// The panel's tabs, and on a narrow screen the sheet they lie on.

import { byId } from "./dom.js";
import { set } from "./store.js";

const SIZES = ["peek", "half", "full"];
let tabs = [];

export function startTabs() {
  tabs = [...document.querySelectorAll("[role=tab]")];
  for (const tab of tabs) tab.addEventListener("click", () => open(tab));
  byId("panel").querySelector("[role=tablist]").addEventListener("keydown", steer);
  startSheet();
}

/** Open a tab: "plan", "budgets", "compare" or "saved". */
export function openTab(name) {
  open(byId(`tab-${name}`));
}

function open(tab) {
  for (const other of tabs) {
    const now = other === tab;
    other.setAttribute("aria-selected", String(now));
    other.tabIndex = now ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !now;
  }
  byId("panel").dataset.tab = tab.id.slice(4);
  byId("panel-body").scrollTop = 0;
  if (byId("panel").dataset.size === "peek") size("half");
  set({ tab: tab.id.slice(4) });
}

function steer(event) {
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  tab.focus();
  open(tab);
}

/** Set how much of a narrow screen the panel takes. */
export function size(wanted) {
  byId("panel").dataset.size = wanted;
  byId("grip").setAttribute("aria-expanded", String(wanted !== "peek"));
}

function startSheet() {
  const grip = byId("grip");
  let from = null;
  let moved = 0;
  grip.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    moved = 0;
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointermove", (event) => from !== null && (moved = event.clientY - from));
  grip.addEventListener("pointerup", () => {
    from = null;
    if (Math.abs(moved) > 24) step(moved < 0 ? 1 : -1);
  });
  grip.addEventListener("click", () => {
    if (Math.abs(moved) <= 24) size(byId("panel").dataset.size === "peek" ? "half" : "peek");
    moved = 0;
  });
}

function step(by) {
  const at = SIZES.indexOf(byId("panel").dataset.size) + by;
  size(SIZES[Math.min(SIZES.length - 1, Math.max(0, at))]);
}
