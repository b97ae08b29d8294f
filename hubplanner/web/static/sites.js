// The sites as a list: what a click on the map does, for the keyboard and for names one knows.

import { mark, markOf } from "./choices.js";
import { byId, el, named, show } from "./dom.js";
import { plain } from "./format.js";
import { on, set, state } from "./store.js";

const MOST = 60;
export const KINDS = [
  ["free", "Free"],
  ["required", "Must have"],
  ["excluded", "Never"],
];

export function startSites() {
  on(["map", "pins"], () => byId("site-list") && list());
}

export function siteList() {
  return el(
    "div",
    {},
    el("p", { class: "note" }, "Click a site on the map, click again to change it, or choose here."),
    el("input", {
      id: "site-search",
      type: "search",
      placeholder: "Search by name",
      "aria-label": "Search sites by name",
      autocomplete: "off",
      oninput: list,
    }),
    el("ul", { id: "site-list", class: "plain sites" }),
    el("p", { id: "site-rest", class: "note", role: "status" }),
  );
}

function found() {
  const wanted = byId("site-search").value.trim().toLowerCase();
  const sites = (state.map ? state.map.sites.features : []).map(({ properties }) => properties);
  const fits = (site) => !wanted || `${site.name || ""} ${site.site_id}`.toLowerCase().includes(wanted);
  const rank = (site) => (markOf(site.site_id) === "free" ? 1 : 0);
  return sites.filter(fits).sort((a, b) => rank(a) - rank(b));
}

function list() {
  const focused = document.activeElement?.dataset?.site;
  const sites = found();
  show(byId("site-list"), sites.slice(0, MOST).map(row));
  byId("site-rest").textContent = rest(sites.length);
  if (focused)
    byId("site-list")
      .querySelector(`[data-site="${CSS.escape(focused)}"]`)
      ?.focus();
}

function rest(number) {
  if (!number) return "No site has this name.";
  return number > MOST ? `and ${plain(number - MOST)} more; search to find them` : "";
}

function row(site) {
  const id = site.site_id;
  const name = site.name || id;
  const now = markOf(id);
  const pick = el(
    "select",
    { "aria-label": `Site ${name}`, "data-site": id, onchange: ({ target }) => mark(id, target.value) },
    KINDS.map(([value, text]) => el("option", { value, selected: value === now }, text)),
  );
  const go = el(
    "button",
    { type: "button", class: "link name", onclick: () => set({ selected: id, follow: true }) },
    named(name),
  );
  return el(
    "li",
    { class: `row spread ${now}` },
    go,
    site.status === "existing" ? el("span", { class: "note" }, "standing") : pick,
  );
}
