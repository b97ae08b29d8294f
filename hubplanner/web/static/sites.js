// The sites as a list: what a click on the map does, for the keyboard and for names one knows, one by one or for a group.

import { mark, markAll, markOf } from "./choices.js";
import { byId, el, named, show } from "./dom.js";
import { plain, readable } from "./format.js";
import { on, set, state } from "./store.js";
import { _, ngettext } from "./words.js";

const MOST = 60;
export const KINDS = [
  ["free", _("Free")],
  ["required", _("Must have")],
  ["excluded", _("Never")],
];

export function startSites() {
  on(["map", "pins"], () => byId("site-list") && list());
}

export function siteList() {
  return el(
    "div",
    {},
    el("p", { class: "note" }, _("Click a site on the map, click again to change it, or choose here.")),
    el("input", {
      id: "site-search",
      type: "search",
      placeholder: places().length ? _("Search by name or {groups}", { groups: state.scenario.site_groups.map(readable).join(", ") }) : _("Search by name"),
      "aria-label": _("Search sites"),
      list: "site-places",
      autocomplete: "off",
      oninput: list,
    }),
    el("datalist", { id: "site-places" }, places().map((value) => el("option", { value }))),
    el("div", { id: "site-all" }),
    el("ul", { id: "site-list", class: "plain sites" }),
    el("p", { id: "site-rest", class: "note", role: "status" }),
  );
}

const all = () => (state.map ? state.map.sites.features : []).map(({ properties }) => properties);
const groupsOf = (site) => (state.scenario?.site_groups || []).map((group) => site[group]).filter(Boolean);

/** Return the values of the groups of sites, such as districts. */
const places = () => [...new Set(all().flatMap(groupsOf))].sort((a, b) => a.localeCompare(b));

const wantedText = () => byId("site-search").value.trim();

/** Return the sites that are searched for: of a district that is named whole, its own alone. */
function found() {
  const wanted = wantedText().toLowerCase();
  const sites = all();
  const own = (site) => groupsOf(site).some((value) => value.toLowerCase() === wanted);
  const whole = Boolean(wanted) && sites.some(own);
  const fits = (site) =>
    !wanted || (whole ? own(site) : `${site.name || ""} ${site.site_id} ${groupsOf(site).join(" ")}`.toLowerCase().includes(wanted));
  const rank = (site) => (markOf(site.site_id) === "free" ? 1 : 0);
  return sites.filter(fits).sort((a, b) => rank(a) - rank(b));
}

function list() {
  const focused = document.activeElement?.dataset?.site;
  const sites = found();
  show(byId("site-list"), sites.slice(0, MOST).map(row));
  show(byId("site-all"), together(sites.filter(({ status }) => status !== "existing")));
  byId("site-rest").textContent = rest(sites.length);
  if (focused)
    byId("site-list")
      .querySelector(`[data-site="${CSS.escape(focused)}"]`)
      ?.focus();
}

/** One choice for all sites that are searched for, such as those of a district. */
function together(sites) {
  if (!wantedText() || sites.length < 2) return null;
  const marks = new Set(sites.map(({ site_id: id }) => markOf(id)));
  const now = marks.size === 1 ? [...marks][0] : "";
  const options = [...(now ? [] : [["", _("differ")]]), ...KINDS];
  const pick = el(
    "select",
    { id: "site-together", onchange: ({ target }) => target.value && markAll(sites.map(({ site_id: id }) => id), target.value) },
    options.map(([value, text]) => el("option", { value, selected: value === now }, text)),
  );
  return el("label", { class: "row spread all" }, el("span", {}, ngettext("The {n} site found", "All {n} sites found", sites.length)), pick);
}

function rest(number) {
  if (!number) return _("No site has this name.");
  return number > MOST ? _("and {n} more; search to find them", { n: plain(number - MOST) }) : "";
}

function row(site) {
  const id = site.site_id;
  const name = site.name || id;
  const now = markOf(id);
  const pick = el(
    "select",
    { "aria-label": _("Site {name}", { name }), "data-site": id, onchange: ({ target }) => mark(id, target.value) },
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
    site.status === "existing" ? el("span", { class: "note" }, _("standing")) : pick,
  );
}
