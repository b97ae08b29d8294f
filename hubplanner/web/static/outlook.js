// What each budget would roughly bring, and whom each site reaches: asked for whenever the question changes.

import { api } from "./api.js";
import { question } from "./choices.js";
import { attempt, byId, show, svg } from "./dom.js";
import { money, words } from "./format.js";
import { on, set, state } from "./store.js";
import { turns } from "./turns.js";
import { _ } from "./words.js";

const WAIT_MS = 500;
const MORE = 0.1;
const [WIDTH, HEIGHT] = [360, 36];
const take = turns();
const known = new Map();

export function startOutlook() {
  on(["choices", "pins"], ask);
  on(["outlook", "choices"], draw);
}

/** What is asked but for the budget: the curve tells of all budgets. */
function asked() {
  const { settings, ...rest } = question();
  const { "model.budget": _, ...others } = settings;
  return { ...rest, settings: others };
}

/** Ask anew once the planner has paused; what was asked before is not asked again. */
function ask() {
  if (!state.scenario || !state.choices) return;
  const wanted = asked();
  const key = JSON.stringify(wanted);
  if (state.outlook?.key === key) return;
  const current = take();
  if (known.has(key)) set({ outlook: known.get(key) });
  else setTimeout(attempt(() => current() && find(wanted, key, current)), WAIT_MS);
}

async function find(wanted, key, current) {
  const found = { key, ...(await api.outlook(wanted)) };
  if (!found.why) known.set(key, found);
  if (current()) set({ outlook: found });
}

/** What was found for the question as it is now; null while it is not known. */
export function outlookNow() {
  return state.outlook && state.scenario && state.outlook.key === JSON.stringify(asked()) ? state.outlook : null;
}

/** Roughly how many people a budget reaches, between the steps of the curve. */
function reached({ cost, people }, budget) {
  const at = cost.findIndex((money_) => money_ > budget);
  if (at < 0) return people.at(-1);
  if (at === 0) return people[0];
  const part = (budget - cost[at - 1]) / (cost[at] - cost[at - 1]);
  return people[at - 1] + part * (people[at] - people[at - 1]);
}

/** Draw the curve over the slider, what its ends bring beneath it, and what more money brings. */
function draw() {
  const [place, ends, slider] = ["budget-curve", "budget-most", "budget-slider"].map(byId);
  if (!place) return;
  const found = outlookNow();
  const curve = found?.curve;
  const { budget } = state.choices;
  const { currency } = state.scenario;
  show(place, curve ? area(curve, Number(slider.max)) : null);
  ends.textContent = ended(words(Number(slider.max)), curve);
  const told = curve ? brings(curve, budget, Number(slider.max), currency) : found?.why && _("No rough figures: {why}", { why: found.why });
  show(byId("budget-brings"), told);
}

const ended = (money_, curve) =>
  curve ? _("{money}: about {people} people", { money: money_, people: rough(curve.people.at(-1)) }) : money_;

function brings(curve, budget, most, currency) {
  if (budget > most) return null; // the curve does not go so far
  if (budget < curve.needed)
    return _("What must be kept to takes hubs of about {money}. That is rough: a search may find less.", { money: money(curve.needed, currency) });
  const [now, then] = [budget, (1 + MORE) * budget].map((sum) => reached(curve, sum));
  if ((1 + MORE) * budget > most) return _("Roughly {people} people.", { people: rough(now) });
  return then > now
    ? _("Roughly {people} people; a tenth more money reaches {more} more.", { people: rough(now), more: rough(then - now) })
    : _("Roughly {people} people; a tenth more money reaches nobody more.", { people: rough(now) });
}

/** A number that is not known better than this. */
const rough = (number) => words(Number(number.toPrecision(2)));

function area({ cost, people }, most) {
  const top = people.at(-1) || 1;
  const at = (money_, number) => `${((WIDTH * money_) / most).toFixed(1)},${(HEIGHT * (1 - number / top)).toFixed(1)}`;
  const line = cost.map((money_, step) => at(money_, people[step])).join("L");
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { d: `M${at(0, 0)}L${line}L${at(most, top)}L${at(most, 0)}Z` }),
  );
}
