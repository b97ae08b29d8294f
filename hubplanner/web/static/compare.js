// Two plans side by side.

import { api } from "./api.js";
import { differs } from "./asked.js";
import { attempt, byId, el, named, show } from "./dom.js";
import { figures, readable, share, words } from "./format.js";
import { date, inShort } from "./saved.js";
import { on, set, siteName, state } from "./store.js";
import { takeView } from "./turns.js";
import { _, ngettext } from "./words.js";

const chosen = { a: null, b: null };
let beside = ""; // the scenario and the plan that were shown when both were chosen

export function startCompare() {
  on(["compare"], ({ compare: found }) => found && Object.assign(chosen, { a: found.a.id, b: found.b.id }));
  on(["runs", "compare", "plan", "scenario"], draw);
}

function draw() {
  if (state.runs.length < 2) {
    show(
      byId("view-compare"),
      el("h2", {}, _("Compare two plans")),
      el(
        "div",
        { class: "empty" },
        el("p", { class: "says" }, _("Two plans are needed")),
        el("p", { class: "note" }, _("Find a plan, change the budget or a rule, and find another.")),
      ),
    );
    return;
  }
  const here = ({ scenario }) => scenario === state.scenario?.id;
  const ids = [...state.runs.filter(here), ...state.runs.filter((run) => !here(run))].map(({ id }) => id);
  const now = `${state.scenario?.id} ${state.plan?.id}`;
  if (beside !== now && !state.compare) Object.assign(chosen, { a: null, b: null });
  beside = now;
  if (!ids.includes(chosen.b)) chosen.b = ids.includes(state.plan?.id) ? state.plan.id : ids[0];
  if (!ids.includes(chosen.a) || chosen.a === chosen.b) chosen.a = ids.find((id) => id !== chosen.b);
  show(
    byId("view-compare"),
    el("h2", {}, _("Compare two plans")),
    select("a", _("Plan A")),
    select("b", _("Plan B")),
    el(
      "div",
      { class: "row" },
      el("button", { type: "button", class: "primary", id: "do-compare", onclick: attempt(compare) }, _("Compare")),
      state.compare
        ? el(
            "button",
            { type: "button", class: "quiet", id: "end-compare", onclick: () => set({ compare: null }) },
            _("End comparison"),
          )
        : null,
    ),
    state.compare ? result(state.compare) : null,
  );
}

function select(letter, title) {
  const options = state.runs.map((run) =>
    el(
      "option",
      { value: run.id, selected: run.id === chosen[letter] },
      [run.has_own_name ? run.name : null, elsewhere(run), differs(run), inShort(run), run.created ? date(run.created) : run.name].filter(Boolean).join(" · "),
    ),
  );
  return el(
    "label",
    { class: "field" },
    el("span", {}, title),
    el("select", { onchange: ({ target }) => (chosen[letter] = target.value) }, options),
  );
}

/** Name the scenario of a plan where it is another than the one that is open. */
function elsewhere({ scenario }) {
  const other = scenario !== state.scenario?.id && state.scenarios.find(({ id }) => id === scenario);
  return other ? (other.group ? other.title : readable(other.name)) : null;
}

async function compare() {
  const current = takeView();
  if (chosen.a === chosen.b) throw new Error(_("Choose two different plans."));
  const { a, b } = chosen;
  const [found, planA, planB] = await Promise.all([api.compare(a, b), api.run(a), api.run(b)]);
  if (current()) set({ selected: null, compare: { a: planA, b: planB, ...found } });
}

function result(found) {
  return [
    (found.notes || []).map((text) => el("p", { class: "note changed" }, text)),
    el("h3", {}, _("What changes")),
    table(found.table),
    changes(found),
    places(_("Only in plan A"), found.only_a),
    places(_("Only in plan B"), found.only_b),
  ];
}

function changes({ gains, losses }) {
  const told = ({ people = 0, need = 0 } = {}) => (people || need ? _("{people} people", { people: words(people || need) }) : _("nobody"));
  if (!gains && !losses) return null;
  return el("p", {}, _("From A to B, reach is gained by {gains} and lost by {losses}.", { gains: told(gains), losses: told(losses) }));
}

function table(rows) {
  const known = rows.filter(({ a, b }) => a !== null || b !== null);
  const moved = known.filter(({ a, b }) => a !== b).sort((one, other) => change(other) - change(one));
  const same = known.length - moved.length;
  if (!moved.length) return el("p", { class: "note" }, _("Nothing: all figures are the same."));
  const head = ["", "A", "B"].map((text) =>
    el("th", { scope: "col", class: text ? "number" : null }, text || el("span", { class: "sr" }, _("Figure"))),
  );
  const body = moved.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, named(title(row))),
      el("td", { class: "number" }, figure(row, row.a)),
      el("td", { class: "number" }, figure(row, row.b)),
    ),
  );
  return [
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": _("Figures that differ, the largest change first") },
      el("table", { class: "list", id: "changes" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)),
    ),
    same ? el("p", { class: "note" }, ngettext("{n} figure is the same in both.", "{n} figures are the same in both.", same)) : null,
  ];
}

/** By how much a figure changes, as a share of the larger one; what only one plan has changes wholly. */
function change({ a, b }) {
  if (typeof a !== "number" || typeof b !== "number") return 1;
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

function title({ figure: what, group, value }) {
  const [, year = null] = /^cost as paid in year (\d+)$/.exec(what) ?? [];
  const known = year === null ? (what === "need share" ? _("share of need") : _(what)) : _("cost as paid in year {year}", { year });
  return [known.replaceAll("_", " ").replaceAll(".", ", "), value || group].filter(Boolean).join(": ");
}

function figure({ figure: what }, number) {
  if (number === null || number === undefined) return "–";
  if (typeof number !== "number") return String(number);
  return /share|gap/.test(what) ? share(number) : Math.abs(number) < 1000 ? figures(number) : words(number);
}

function places(heading, hubs = []) {
  if (!hubs.length) return null;
  const rows = hubs
    .slice(0, 40)
    .map((hub) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "link name", onclick: () => set({ selected: hub.site_id, follow: true }) },
          named(hub.name || siteName(hub.site_id)),
        ),
        hub.tier ? el("span", { class: "note" }, ` ${hub.tier}`) : null,
      ),
    );
  const more = hubs.length > 40 ? el("p", { class: "note" }, ngettext("and {n} more site", "and {n} more sites", hubs.length - 40)) : null;
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, el("span", {}, heading), el("span", { class: "note" }, ngettext("{n} site", "{n} sites", hubs.length))),
    el("div", { class: "fold-body" }, el("ul", { class: "plain" }, rows), more),
  );
}
