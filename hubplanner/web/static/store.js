// The page's state in one place: read with `state`, change with `set`, and hear of changes with `on`.

export const state = {
  scenarios: [],
  loading: null, // what is being loaded: {id} a scenario, {overrides} variants of the one shown
  scenario: null, // as the server describes it, resolved with `overrides`
  map: null, // {bounds, sites, demand, areas}
  overrides: [],
  choices: null, // what the planner set: {budget, tiers, floors, fairness, measures}
  restored: null, // set when choices are those of a kept plan
  pins: new Map(), // site id -> "required" | "excluded"
  outlook: null, // {key, curve, sites}: what budgets would roughly bring, and whom each site reaches
  selected: null, // site id
  job: null, // the running or last job
  plan: null, // the plan on the map
  runs: [],
  frontier: null,
  prices: null, // what each step of fairness costs: {key, points}
  point: null, // number of the frontier's point on the map
  alike: null, // {of: the plan it was found beside, plans, sites, ...}: other plans nearly as good
  compare: null, // {a, b, figures}
  excel: false,
  formats: [], // how names of files end that the server takes
  version: "",
};

const listeners = [];

/** Call `tell(state)` whenever one of `keys` is set. */
export function on(keys, tell) {
  listeners.push({ keys, tell });
}

/** Set some keys and tell those who listen to any of them, once each. */
export function set(changes) {
  Object.assign(state, changes);
  const changed = Object.keys(changes);
  for (const { keys, tell } of listeners) if (keys.some((key) => changed.includes(key))) tell(state);
}

/** Return the scenario that is shown, or about to be. */
export const shownId = () => state.loading?.id ?? state.scenario?.id;

/** Return the name of a site, its id if it has none. */
export function siteName(id) {
  if (!names.has(state.map)) {
    const features = state.map ? state.map.sites.features : [];
    names.clear();
    names.set(state.map, new Map(features.map(({ properties: site }) => [site.site_id, site.name || site.site_id])));
  }
  return names.get(state.map).get(id) || id;
}

const names = new Map();
