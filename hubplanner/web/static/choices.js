// What the planner may set, and how that differs from what the scenario says.

import { set, state } from "./store.js";
import { _ } from "./words.js";

/** Tier fields: key here, key in a scenario file, words, unit. */
export const TIER_FIELDS = [
  ["capex", "capex", _("Cost to build")],
  ["opex", "opex_per_year", _("Cost a year")],
  ["reach_km", "reach_km", _("Reach, km")],
  ["seats", "capacity", _("People served")],
];

/** Return a scenario's own choices, to start from. */
export function choicesOf(scenario) {
  return {
    budget: scenario.budget ? scenario.budget.value : null,
    tiers: scenario.hubs.map((tier) => Object.fromEntries(TIER_FIELDS.map(([key]) => [key, tier[key]]))),
    floors: scenario.floors.map((floor) => ({ ...floor })),
    fairness: fairnessOf(scenario.fairness),
    measures: Object.fromEntries(Object.entries(scenario.measures).map(([name, measure]) => [name, { ...measure }])),
  };
}

const fairnessOf = ({ alpha, group, linear_below_share: linear = null, prefer_largest_of: largest = null }) => ({
  alpha,
  group,
  linear,
  largest,
});

/** Return the settings that ask for a fairness in the place of the scenario's own. */
function fairly({ fairness: own }, { alpha, group, linear, largest }) {
  const old = { fairness_group: null, fairness_goal: "main" };
  const weighing = Object.entries({ linear_below_share: linear, prefer_largest_of: largest });
  const more = typeof alpha === "number" ? weighing.filter(([, value]) => value !== null) : []; // only a utility has them
  const fairness = { alpha, group, ...Object.fromEntries(more) };
  return {
    "model.fairness": alpha === 0 ? null : fairness,
    ...Object.fromEntries(own.old_keys.map((key) => [`model.${key}`, old[key]])),
  };
}

/** Return the measures that are known well enough to be asked for; null for none. */
function known(measures) {
  const whole = Object.entries(measures).filter(([, { cost, benefit }]) => cost !== null && benefit !== null);
  return whole.length ? Object.fromEntries(whole) : null;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Return choices with settings that were asked with. */
export function withSettings(own, settings) {
  const choices = { ...own, tiers: own.tiers.map((tier) => ({ ...tier })) };
  const keys = Object.fromEntries(TIER_FIELDS.map(([key, dotted]) => [dotted, key]));
  for (const [dotted, value] of Object.entries(settings || {})) {
    const [section, at, key] = dotted.split(".");
    if (dotted === "model.budget") choices.budget = value;
    else if (dotted === "model.floors") choices.floors = value;
    else if (dotted === "model.fairness") choices.fairness = value ? fairnessOf(value) : { ...choices.fairness, alpha: 0 };
    else if (dotted === "measures") choices.measures = value || {};
    else if (section === "hubs" && choices.tiers[at] && keys[key]) choices.tiers[at][keys[key]] = value;
  }
  return choices;
}

/** Return the settings that differ from the scenario, by dotted key. */
export function settings() {
  const { scenario, choices } = state;
  const own = choicesOf(scenario);
  const changed = {};
  if (choices.budget !== own.budget) changed["model.budget"] = choices.budget;
  choices.tiers.forEach((tier, at) => {
    for (const [key, dotted] of TIER_FIELDS)
      if (tier[key] !== own.tiers[at][key]) changed[`hubs.${at}.${dotted}`] = tier[key];
  });
  if (!same(choices.floors, own.floors)) changed["model.floors"] = choices.floors;
  const fair = choices.fairness.alpha !== 0 || own.fairness.alpha !== 0; // else it does not matter among whom
  if (fair && !same(choices.fairness, own.fairness)) Object.assign(changed, fairly(scenario, choices.fairness));
  if (!same(known(choices.measures), known(own.measures))) changed.measures = known(choices.measures);
  // Pins start as the scenario's own and are sent whole, so its own lists give way.
  if (scenario.required?.length) changed["model.require"] = [];
  if (scenario.excluded?.length) changed["model.exclude"] = [];
  return changed;
}

/** Return the pins of a scenario. */
export function pinsOf({ required = [], excluded = [] }) {
  return new Map([...required.map((id) => [id, "required"]), ...excluded.map((id) => [id, "excluded"])]);
}

export const pinned = (kind) =>
  [...state.pins]
    .filter(([, mark]) => mark === kind)
    .map(([id]) => id)
    .sort();

/** Return what a job is asked with. */
export function question() {
  return {
    scenario: state.scenario.id,
    settings: settings(),
    overrides: state.overrides,
    required: pinned("required"),
    excluded: pinned("excluded"),
  };
}

/** Change some choices. */
export function choose(changes) {
  set({ choices: { ...state.choices, ...changes } });
}

const NEXT = { free: "required", required: "excluded", excluded: "free" };

export const markOf = (id) => state.pins.get(id) || "free";

/** Pin, ban or free a site. */
export const mark = (id, kind) => markAll([id], kind);

/** Pin, ban or free several sites at once. */
export function markAll(ids, kind) {
  const pins = new Map(state.pins);
  for (const id of ids) {
    if (kind === "free") pins.delete(id);
    else pins.set(id, kind);
  }
  set({ pins });
}

/** Go on from free to pinned to banned and back. */
export function cycle(id) {
  mark(id, NEXT[markOf(id)]);
}

/** Return whether the plan on the map answers another question than the panel asks. */
export function stale() {
  return Boolean(state.plan && state.plan.asked && state.plan.asked !== JSON.stringify(question()));
}
