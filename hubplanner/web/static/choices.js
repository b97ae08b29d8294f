// What the planner may set, and how that differs from what the scenario says.

import { set, state } from "./store.js";

/** Tier fields: key here, key in a scenario file, words, unit. */
export const TIER_FIELDS = [
  ["capex", "capex", "Cost to build"],
  ["opex", "opex_per_year", "Cost a year"],
  ["reach_km", "reach_km", "Reach, km"],
  ["seats", "capacity", "People served"],
];

/** Return a scenario's own choices, to start from. */
export function choicesOf(scenario) {
  return {
    budget: scenario.budget ? scenario.budget.value : null,
    tiers: scenario.hubs.map((tier) => Object.fromEntries(TIER_FIELDS.map(([key]) => [key, tier[key]]))),
    floors: scenario.floors.map((floor) => ({ ...floor })),
  };
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
  if (JSON.stringify(choices.floors) !== JSON.stringify(own.floors)) changed["model.floors"] = choices.floors;
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
export function mark(id, kind) {
  const pins = new Map(state.pins);
  if (kind === "free") pins.delete(id);
  else pins.set(id, kind);
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
