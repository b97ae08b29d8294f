// What is put on the page: a scenario, its variants, a plan. Each is tied to what was asked, and comes whole or not at all.

import { api } from "./api.js";
import { choicesOf, choose, pinsOf, question, withSettings } from "./choices.js";
import { announce, attempt, byId, clearToasts, el, show, toast } from "./dom.js";
import { money } from "./format.js";
import { sentence } from "./result.js";
import { loadRuns } from "./saved.js";
import { loadMap, showMap } from "./stage.js";
import { set, shownId, state } from "./store.js";
import { openTab } from "./tabs.js";
import { takeView, turns } from "./turns.js";
import { _ } from "./words.js";

const takeSettings = turns();

/** Open a scenario; what belongs to the one before goes at once. Returns whether it was still wanted when it came. */
export async function openScenario(id, current = takeView()) {
  const loading = { id };
  takeSettings();
  clearToasts();
  set({ loading, plan: null, compare: null, frontier: null, prices: null, point: null, selected: null });
  try {
    const [scenario, loaded] = await Promise.all([api.scenario(id), loadMap(id)]);
    if (!current()) return false;
    const limits = await showMap(id, loaded, scenario.totals);
    if (!current()) return false;
    const own = { scenario, map: loaded.map, limits, overrides: [], choices: choicesOf(scenario), pins: pinsOf(scenario) };
    set({ ...own, loading: null });
    about(scenario);
    return true;
  } catch (failure) {
    if (!current()) return false; // something else is waited for by now
    throw failure;
  } finally {
    if (state.loading === loading) set({ loading: null });
  }
}

function about(scenario) {
  const title = scenario.title || scenario.name;
  show(byId("about"), el("p", { class: "about", dir: "auto" }, title));
  window.history.replaceState(null, "", `#${encodeURIComponent(scenario.id)}`); // a reload opens it again
  document.title = `${title} · hubplanner`;
}

export async function changeOverrides(name, wanted) {
  await resolve(wanted ? [...state.overrides, name] : state.overrides.filter((other) => other !== name));
}

/** Take a scenario with some overrides; choices start anew from it. Returns whether it was still wanted when it came. */
async function resolve(overrides) {
  const [current, loading, { id }] = [takeSettings(), { overrides }, state.scenario];
  set({ overrides, loading });
  try {
    const scenario = await api.scenario(id, overrides);
    if (!current()) return false;
    set({ choices: choicesOf(scenario), scenario });
    return true;
  } catch (failure) {
    if (!current()) return false;
    set({ overrides: state.scenario.chosen || [], scenario: state.scenario }); // what it was found with
    throw failure;
  } finally {
    if (state.loading === loading) set({ loading: null });
  }
}

/** Show the plan that a search found, if its scenario is still the one shown; else say whose it is. */
export async function found(run, asked, scenario) {
  await loadRuns();
  if (shownId() !== scenario.id) return late(run, scenario);
  const current = takeView();
  const plan = await api.run(run);
  if (!current()) return late(run, scenario);
  set({ plan: { ...plan, asked }, compare: null, frontier: null, point: null });
  announce(sentence(plan));
  byId("result").scrollIntoView({ block: "start" });
  return undefined;
}

/** Offer a plan that came when something else was shown already. */
export function late(run, { title }) {
  const action = { label: _("Open it"), run: attempt(() => openPlan(run)) };
  toast(_("A plan was found for {title}.", { title }), { stays: true, action });
}

/** Open a kept plan, with the question it answers where that is known. */
export async function openPlan(id) {
  const current = takeView();
  const plan = await api.run(id);
  if (!current()) return;
  const known = state.scenarios.some((other) => other.id === plan.scenario);
  if (known && plan.scenario !== shownId() && !(await openScenario(plan.scenario, current))) return;
  if (known && plan.settings && !(await restore(plan))) return;
  if (!current()) return;
  const asked = known && plan.settings ? JSON.stringify(question()) : null;
  set({ plan: { ...plan, asked }, compare: null, frontier: null, point: null });
  openTab("plan");
  announce(sentence(plan));
  await loadRuns();
}

/** Set the panel to what was asked; returns whether that was still wanted when it could be done. */
export async function restore({ settings, overrides, required, excluded }) {
  if (!(await resolve(overrides || []))) return false;
  const pins = pinsOf({ required: required || [], excluded: excluded || [] });
  set({ choices: withSettings(state.choices, settings), pins, restored: {} });
  return true;
}

/** Where only money is short, offer the sum that would do, as long as its scenario is shown. */
export function impossible(failure) {
  if (!failure.least) throw failure;
  const [budget, { id, currency }] = [Math.ceil(failure.least), state.scenario];
  const run = () => shownId() === id && choose({ budget });
  toast(failure.message, { error: true, action: { label: _("Set {money}", { money: money(budget, currency) }), run } });
  return undefined;
}
