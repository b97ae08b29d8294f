// The page starts here: what depends on what.

import { startActions } from "./actions.js";
import { startAlike } from "./alike.js";
import { api } from "./api.js";
import { startBudget } from "./budget.js";
import { question } from "./choices.js";
import { startCompare } from "./compare.js";
import { announce, attempt, byId, el, show, toast } from "./dom.js";
import { startFrontier } from "./frontier.js";
import { resume, work } from "./jobs.js";
import { startLegend } from "./legend.js";
import { library } from "./library.js";
import { changeOverrides, found, impossible, openPlan, openScenario, restore } from "./opening.js";
import { startOutlook } from "./outlook.js";
import { startResult } from "./result.js";
import { startRules } from "./rules.js";
import { loadRuns, startSaved } from "./saved.js";
import { startSiteCard } from "./sitecard.js";
import { startSites } from "./sites.js";
import { startStage, views } from "./stage.js";
import { on, set, shownId, state } from "./store.js";
import { startSure } from "./sure.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { takeView } from "./turns.js";
import { openUpload } from "./upload.js";
import { _ } from "./words.js";

async function solve() {
  const [asked, { scenario }] = [question(), state];
  await end(work({ kind: "solve", ...asked }, _("Finding the best plan")), JSON.stringify(asked), scenario);
}

/** Wait for a search, and show the plan it finds or say why there is none. */
async function end(search, asked, scenario) {
  const result = await search.catch(impossible);
  if (result) await found(result.run, asked, scenario);
  else if (result === null) {
    announce(_("Cancelled"));
    toast(_("Cancelled. Nothing was changed."));
  }
}

/** After a reload, go on with what the server is still at. */
async function pickUp() {
  const current = takeView();
  const job = (await api.jobs()).find(
    ({ kind, state: now }) => kind === "solve" && ["waiting", "running"].includes(now),
  );
  if (!job || !current()) return;
  const known = state.scenarios.some(({ id }) => id === job.scenario);
  if (known && job.scenario !== shownId() && !(await openScenario(job.scenario, current))) return;
  if (known && !(await restore(job.asked))) return;
  const [asked, of] = [JSON.stringify(question()), { id: job.scenario, title: job.title }];
  await end(resume(job.job, job.kind, _("Finding the best plan"), of), asked, of);
}

/** List the scenarios under their headings, by titles that fit or else by names. */
function listScenarios() {
  const label = ({ title, name }) => (title.length <= LONGEST ? title : sentenceCase(name));
  const option = (scenario) => el("option", { value: scenario.id, title: scenario.title, dir: "auto" }, label(scenario));
  const under = (group) => state.scenarios.filter((scenario) => scenario.group === group).map(option);
  show(
    byId("scenario"),
    [...new Set(state.scenarios.map(({ group }) => group))].flatMap((group) =>
      group ? el("optgroup", { label: HEADINGS[group] ?? group }, under(group)) : under(group),
    ),
  );
}

const sentenceCase = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll(/(?<!^)[-_]/g, " ");
const LONGEST = 64;
const HEADINGS = { "Your data": _("Your data"), Examples: _("Examples") };

/** While a scenario loads, the panel and the list of scenarios wait for it. */
function wait() {
  const chooser = byId("scenario");
  const [opens, had] = [Boolean(state.loading?.id), document.activeElement === chooser];
  byId("loading").hidden = !opens;
  byId("panel-body").inert = opens;
  chooser.disabled = opens;
  chooser.value = shownId() ?? "";
  if (opens) waited ||= had;
  else if (waited) {
    waited = false;
    chooser.focus();
  }
}

let waited = false;

async function start() {
  startTheme();
  startTabs();
  const [{ scenarios, version, excel, formats, base_map: base }] = await Promise.all([api.state(), library]);
  startStage(base);
  startLegend(views);
  startBudget();
  startOutlook();
  startRules(attempt(changeOverrides));
  startSites();
  startSiteCard();
  startResult();
  startSure();
  startAlike();
  startActions(solve);
  startFrontier();
  startCompare();
  startSaved(openPlan);
  on(["loading"], wait);
  byId("scenario").addEventListener(
    "change",
    attempt(({ target }) => openScenario(target.value)),
  );
  byId("own-data").addEventListener(
    "click",
    attempt(() => openUpload(taken)),
  );
  set({ scenarios, version, excel, formats, plan: null });
  listScenarios();
  await loadRuns();
  if (!scenarios.length) return nothing();
  const wanted = decodeURIComponent(window.location.hash.slice(1));
  if (!(await openScenario((scenarios.find(({ id }) => id === wanted) || scenarios[0]).id))) return undefined;
  return pickUp();
}

/** Open a scenario that was made of uploads, unless the planner turned to something else meanwhile. */
async function taken(id, wanted) {
  const current = takeView();
  const { scenarios } = await api.state();
  set({ scenarios });
  listScenarios();
  byId("scenario").value = shownId() ?? "";
  if (!wanted || !current()) {
    const { title } = scenarios.find((other) => other.id === id) || { title: id };
    toast(_("{title} is in the list of scenarios.", { title }), { stays: true });
    return;
  }
  if (await openScenario(id, current)) toast(_("Your data are on the map. Costs, reach and budget are examples: set your own."));
}

function nothing() {
  byId("loading").hidden = true;
  show(
    byId("about"),
    el(
      "div",
      { class: "empty" },
      el("p", { class: "says" }, _("No scenario here")),
      el("p", { class: "note" }, _("Use your own data, above, or start hubplanner with a scenario file.")),
    ),
  );
}

attempt(start)();
