// The foot of the panel: find a plan, or watch and stop the search.

import { progressChart } from "./chart.js";
import { stale } from "./choices.js";
import { attempt, byId, el, show } from "./dom.js";
import { seconds } from "./format.js";
import { cancel, jobTitle, running } from "./jobs.js";
import { on, state } from "./store.js";
import { _ } from "./words.js";

let solve = () => {};
let clock = null;

export function startActions(solvePlan) {
  solve = solvePlan;
  on(["job", "scenario", "choices", "pins", "plan", "overrides", "loading"], draw);
}

function draw() {
  if (running()) drawJob();
  else drawButton();
}

function drawButton() {
  clearInterval(clock);
  clock = null;
  const again = state.plan && stale();
  const label = again ? _("Find the best plan again") : _("Find the best plan");
  const kept = document.activeElement?.id === "solve" || document.activeElement?.id === "cancel";
  const disabled = !state.scenario || Boolean(state.loading);
  const button = el(
    "button",
    { id: "solve", class: "primary", type: "button", disabled, onclick: attempt(solve) },
    label,
  );
  const hint = again ? el("p", { class: "note changed" }, _("Your settings have changed since this plan.")) : null;
  if (byId("solve")?.textContent === label && Boolean(hint) === Boolean(byId("actions").querySelector(".changed"))) {
    byId("solve").disabled = disabled;
    return;
  }
  show(byId("actions"), hint, button);
  if (kept) button.focus();
}

function drawJob() {
  if (!clock) {
    frame();
    clock = setInterval(tick, 500);
  }
  const { job } = state;
  byId("job-title").textContent = jobTitle(job);
  byId("job-message").textContent = job.point ? _("{done} of {all} plans found", { done: job.point.point, all: job.point.points }) : job.message;
  const { objective = "max_coverage" } = job.scenario || {};
  const minimise = objective !== "max_coverage";
  show(byId("job-chart"), job.progress.length ? progressChart(job.progress, minimise) : null);
  tick();
}

function frame() {
  const kept = document.activeElement?.id === "solve";
  const stop = el("button", { id: "cancel", class: "quiet", type: "button", onclick: attempt(cancel) }, _("Cancel"));
  show(
    byId("actions"),
    el(
      "div",
      { class: "row spread" },
      el("p", { class: "label", id: "job-title" }, jobTitle(state.job)),
      el("span", { class: "note", id: "job-clock" }),
    ),
    el("div", { class: "busy", role: "progressbar", "aria-labelledby": "job-title" }),
    el("div", { id: "job-chart" }),
    el("div", { class: "row spread" }, el("p", { class: "note", id: "job-message" }), stop),
  );
  if (kept) stop.focus();
}

function tick() {
  if (!running() || !byId("job-clock")) return;
  byId("job-clock").textContent = seconds((performance.now() - state.job.since) / 1000);
}
