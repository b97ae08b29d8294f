// The page starts here: what depends on what.

import { startActions } from "./actions.js";
import { api } from "./api.js";
import { startBudget } from "./budget.js";
import { choicesOf, choose, pinsOf, question } from "./choices.js";
import { startCompare } from "./compare.js";
import { announce, attempt, byId, el, show, toast } from "./dom.js";
import { money } from "./format.js";
import { startFrontier } from "./frontier.js";
import { resume, work } from "./jobs.js";
import { startLegend } from "./legend.js";
import { sentence, startResult } from "./result.js";
import { startRules } from "./rules.js";
import { loadRuns, startSaved } from "./saved.js";
import { startSiteCard } from "./sitecard.js";
import { startSites } from "./sites.js";
import { showMap, startStage, views } from "./stage.js";
import { set, state } from "./store.js";
import { openTab, startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { openUpload } from "./upload.js";

async function openScenario(id) {
  byId("loading").hidden = false;
  set({ plan: null, compare: null, frontier: null, point: null, selected: null, overrides: [], map: null });
  const [scenario, map] = await Promise.all([api.scenario(id), api.map(id)]);
  set({ choices: choicesOf(scenario), pins: pinsOf(scenario), scenario });
  byId("scenario").value = id;
  show(byId("about"), el("p", { class: "about", dir: "auto" }, scenario.title || scenario.name));
  window.history.replaceState(null, "", `#${encodeURIComponent(id)}`); // a reload opens it again
  document.title = `${scenario.title || scenario.name} · hubplanner`;
  await showMap(id, map, scenario.totals);
}

async function changeOverrides(name, wanted) {
  const overrides = wanted ? [...state.overrides, name] : state.overrides.filter((other) => other !== name);
  await resolve(overrides);
}

/** Take a scenario with some overrides; the planner's own choices start anew from it. */
async function resolve(overrides) {
  set({ overrides }); // at once: what is asked from here on is asked with them
  const scenario = await api.scenario(state.scenario.id, overrides);
  if (state.overrides === overrides) set({ choices: choicesOf(scenario), scenario });
}

async function solve() {
  const asked = question();
  const result = await work({ kind: "solve", ...asked }, "Finding the best plan").catch(impossible);
  if (result === undefined) return;
  if (!result) {
    announce("Cancelled");
    toast("Cancelled. Nothing was changed.");
    return;
  }
  await found(result, JSON.stringify(asked));
}

/** Where only money is short, offer the sum that would do. */
function impossible(failure) {
  if (!failure.least) throw failure;
  const budget = Math.ceil(failure.least);
  toast(failure.message, {
    error: true,
    action: { label: `Set ${money(budget, state.scenario.currency)}`, run: () => choose({ budget }) },
  });
  return undefined;
}

async function found(result, asked) {
  const plan = await api.run(result.run);
  set({ plan: { ...plan, asked }, compare: null });
  announce(sentence(plan));
  byId("result").scrollIntoView({ block: "start" });
  await loadRuns();
}

/** After a reload, go on with what the server is still at. */
async function pickUp() {
  const job = (await api.jobs()).find(
    ({ kind, state: now }) => kind === "solve" && ["waiting", "running"].includes(now),
  );
  if (!job) return;
  if (job.scenario && job.scenario !== state.scenario?.id) await openScenario(job.scenario);
  const result = await resume(job.job, job.kind, "Finding the best plan");
  if (result) await openPlan(result.run);
}

/** Open a kept plan, with the question it answers where that is known. */
async function openPlan(id) {
  const plan = await api.run(id);
  if (plan.scenario && plan.scenario !== state.scenario?.id) await openScenario(plan.scenario);
  if (plan.settings) await restore(plan);
  const asked = plan.settings ? JSON.stringify(question()) : null;
  set({ plan: { ...plan, asked }, compare: null });
  await loadRuns();
  openTab("plan");
  announce(sentence(plan));
}

async function restore({ settings, overrides = [], required = [], excluded = [] }) {
  await resolve(overrides);
  const pins = pinsOf({ required, excluded });
  const choices = { ...state.choices, tiers: state.choices.tiers.map((tier) => ({ ...tier })) };
  const keys = { capex: "capex", opex_per_year: "opex", reach_km: "reach_km", capacity: "seats" };
  for (const [dotted, value] of Object.entries(settings)) {
    const [section, at, key] = dotted.split(".");
    if (dotted === "model.budget") choices.budget = value;
    else if (dotted === "model.floors") choices.floors = value;
    else if (section === "hubs" && choices.tiers[at] && keys[key]) choices.tiers[at][keys[key]] = value;
  }
  set({ choices, pins });
}

function listScenarios() {
  show(
    byId("scenario"),
    state.scenarios.map(({ id, title, name }) => el("option", { value: id }, title || name)),
  );
}

async function start() {
  startTheme();
  startTabs();
  const { scenarios, version, excel, base_map: base } = await api.state();
  startStage(base);
  startLegend(views);
  startBudget();
  startRules(attempt(changeOverrides));
  startSites();
  startSiteCard();
  startResult();
  startActions(solve);
  startFrontier(openPlan);
  startCompare();
  startSaved(openPlan);
  byId("scenario").addEventListener(
    "change",
    attempt(({ target }) => openScenario(target.value)),
  );
  byId("own-data").addEventListener(
    "click",
    attempt(() => openUpload(taken)),
  );
  set({ scenarios, version, excel, plan: null });
  listScenarios();
  await loadRuns();
  if (!scenarios.length) return nothing();
  const wanted = decodeURIComponent(window.location.hash.slice(1));
  await openScenario((scenarios.find(({ id }) => id === wanted) || scenarios[0]).id);
  return pickUp();
}

async function taken(id) {
  set({ scenarios: (await api.state()).scenarios });
  listScenarios();
  await openScenario(id);
  toast("Your data are on the map.");
}

function nothing() {
  byId("loading").hidden = true;
  show(
    byId("about"),
    el(
      "div",
      { class: "empty" },
      el("p", { class: "says" }, "No scenario here"),
      el("p", { class: "note" }, "Use your own data, above, or start hubplanner with a scenario file."),
    ),
  );
}

attempt(start)();
