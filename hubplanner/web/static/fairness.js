// How even a plan is to be among groups: a dial, and what each of its steps costs.

import { choose, question } from "./choices.js";
import { api } from "./api.js";
import { attempt, byId, el, named, show } from "./dom.js";
import { plain, readable, share, words } from "./format.js";
import { running, work } from "./jobs.js";
import { on, set, shownId, state } from "./store.js";
import { _, ngettext } from "./words.js";

const STEPS = {
  0: [_("most people"), () => _("Whoever is reached counts the same, wherever they live.")],
  0.5: [_("leaning even"), (group) => _("Each {group} counts a little more while little of it is reached.", { group })],
  1: [_("proportional"), (group) => _("One per cent more of its share counts the same in every {group}, times its people.", { group })],
  2: [_("strongly even"), (group) => _("Each {group} counts much more while little of it is reached.", { group })],
  max_min: [_("worst first"), (group) => _("The worst-served {group} comes first, then the second worst, and so on.", { group })],
};
const AUTO = "auto";
const other = (alpha) => [_("alpha {alpha}", { alpha }), () => _("As the scenario has it.")];
const step = (alpha) => STEPS[alpha] || other(alpha);
export const stepName = (alpha) => step(alpha)[0];

export function startFairness() {
  on(["choices", "prices", "pins"], drawDial);
  on(["job"], () => byId("ask-prices") && (byId("ask-prices").disabled = running()));
}

/** Return where the dial is drawn; nothing where there is none to turn. */
export const dial = () => (state.scenario.fairness.stops.length ? el("div", { id: "dial", class: "stack" }) : null);

/** Say in short how fair a plan is to be. */
export function fairnessInShort({ fairness, floors }) {
  const { alpha, group } = fairness;
  const among = alpha === 0 ? "" : `, ${naming(group)}`;
  return [step(alpha)[0] + among, floors.length ? ngettext("{n} least share", "{n} least shares", floors.length) : null].filter(Boolean).join(", ");
}

const naming = (group) => (group === AUTO ? _("each group") : _("each {group}", { group: readable(group) }));

/** Between whom it is to be even: as chosen, or else the finest groups that can be told apart as bars. */
function between() {
  const { choices, scenario } = state;
  return choices.fairness.group ?? Object.keys(scenario.groups)[0];
}

export function drawDial() {
  const place = byId("dial");
  if (!place) return;
  const { stops } = state.scenario.fairness;
  const { alpha } = state.choices.fairness;
  const [at, group] = [Math.max(0, stops.indexOf(alpha)), between()];
  const [name, meaning] = step(alpha);
  const kept = document.activeElement?.id;
  const slider = el("input", {
    type: "range",
    id: "fairness-slider",
    min: 0,
    max: stops.length - 1,
    step: 1,
    value: at,
    "aria-labelledby": "fairness-label",
    "aria-valuetext": name,
    oninput: ({ target }) => turn(stops[Number(target.value)]),
  });
  slider.style.setProperty("--part", `${(100 * at) / (stops.length - 1)}%`);
  const label = el("label", { id: "fairness-label", for: "fairness-slider", class: "label" }, _("How even"));
  show(
    place,
    el("div", { class: "row spread" }, label, el("output", { for: "fairness-slider", class: "label" }, name)),
    slider,
    el("div", { class: "row spread note", "aria-hidden": "true" }, el("span", {}, _("Most people")), el("span", {}, _("Most even"))),
    el("p", { class: "note" }, meaning(group === AUTO ? _("group") : readable(group))),
    groups(group),
    prices(stops),
  );
  if (kept && place.contains(byId(kept))) byId(kept).focus();
}

/** Turn the dial, or even out among others: from where shares count in proportion was said of the old groups. */
function turn(alpha, group = between()) {
  const own = state.scenario.fairness;
  const linear = group === own.group ? own.linear_below_share : null;
  choose({ fairness: { alpha, group, linear, largest: own.prefer_largest_of } });
}

function groups(now) {
  const known = [...(state.scenario.fairness.group === AUTO ? [AUTO] : []), ...Object.keys(state.scenario.groups)];
  const words_ = (group) => (group === AUTO ? _("the finest groups that the money can serve") : naming(group));
  const options = known.map((group) => el("option", { value: group, selected: group === now }, words_(group)));
  const put = ({ target }) => turn(state.choices.fairness.alpha, target.value);
  return el("label", { class: "field" }, el("span", {}, _("Even among")), el("select", { id: "fairness-group", onchange: put }, options));
}

/** What a price was found for: the question but for how even it asks a plan to be. */
function key() {
  const { settings, ...rest } = question();
  const others = Object.entries(settings).filter(([dotted]) => !dotted.startsWith("model.fairness"));
  return JSON.stringify([rest, Object.fromEntries(others), between()]);
}

function prices(stops) {
  const { prices: found } = state;
  if (found && found.key === key()) return table(found);
  const note = found ? _("The prices were found for other settings.") : _("Fewer people in all: hubplanner finds a plan for each of {n} steps.", { n: plain(stops.length) });
  return el(
    "div",
    { class: "row exact" },
    el(
      "button",
      { type: "button", class: "quiet small", id: "ask-prices", disabled: running(), onclick: attempt(find) },
      found ? _("Find them again") : _("What does it cost?"),
    ),
    el("span", { class: "note" }, note),
  );
}

async function find() {
  const [own, asked, { scenario, choices }] = [key(), question(), state];
  const group = between();
  if (choices.fairness.alpha === 0 && group === AUTO) asked.settings["model.fairness"] = { alpha: 1, group };
  const wanted = { kind: "frontier", ...asked, trade: "coverage,fairness", group: group === AUTO ? null : group };
  const result = await work(wanted, _("Finding what fairness costs"));
  if (!result) return;
  const { points, group: among } = await api.frontier(result.frontier);
  if (shownId() === scenario.id) set({ prices: { key: own, points, among } });
}

function table({ points, among }) {
  const { alpha: now } = state.choices.fairness;
  const row = ({ alpha, people, price, groups_served: served, groups: all }) =>
    el(
      "tr",
      { class: alpha === now ? "now" : null },
      el(
        "th",
        { scope: "row" },
        el("button", { type: "button", class: "link", "aria-pressed": String(alpha === now), onclick: () => turn(alpha) }, step(alpha)[0]),
      ),
      el("td", { class: "number" }, words(people)),
      el("td", { class: "number" }, price ? `−${share(price)}` : "–"),
      el("td", { class: "number" }, _("{part} of {all}", { part: plain(served), all: plain(all) })),
    );
  const head = [_("Step"), _("People"), _("Less need"), _("Served")].map((text, at) => el("th", { scope: "col", class: at ? "number" : null }, text));
  return el(
    "table",
    { class: "list", id: "prices" },
    named(_("What each step costs, for {group}", { group: naming(among) }), "caption"),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, points.map(row)),
  );
}
