// Work the server does in the background: start it, follow it, stop it. Each job knows the scenario it is of.

import { api, Refused } from "./api.js";
import { announce } from "./dom.js";
import { set, shownId, state } from "./store.js";
import { _ } from "./words.js";

export const running = () => Boolean(state.job && state.job.end === null);

/** Return what a job is called, with its scenario where another one is shown. */
export function jobTitle({ title: work_, scenario }) {
  if (scenario?.id === shownId()) return work_;
  const title = scenario?.title || _("another scenario");
  return _("{work} for {title}", { work: work_, title });
}

/** Start a job and return its result; throws what went wrong, and returns null if it was cancelled. */
export function work(wanted, title) {
  return watch(() => api.startJob(wanted), wanted.kind, title);
}

/** Follow a job that was started elsewhere, of a scenario that may not be the one shown. */
export function resume(id, kind, title, scenario) {
  return watch(async () => ({ job: id }), kind, title, scenario);
}

/** Start what gives a job's id, and follow it to its end. */
export async function watch(begin, kind, title, scenario = state.scenario) {
  if (running()) throw new Refused(_("hubplanner is busy. Cancel what runs, or wait for it."));
  const job = { kind, title, scenario, since: performance.now() };
  set({ job: { ...job, id: null, progress: [], point: null, message: "", end: null, cancelled: false } });
  const { since } = job;
  const update = (changes) => state.job.since === since && set({ job: { ...state.job, ...changes } });
  announce(title);
  try {
    const { job: id } = await begin();
    update({ id });
    if (state.job.cancelled) await api.cancel(id); // asked before there was a job to cancel
    return outcome(await followed(id, update), update);
  } catch (failure) {
    update({ end: "failed" });
    if (scenario?.id === shownId()) throw failure;
    const title_ = scenario?.title || _("Another scenario");
    throw new Refused(`${title_}: ${failure.message}`, failure.faults);
  }
}

/** Take a step of the search; one point of a curve done begins the next search. */
function step(news, update) {
  if (news.points) update({ point: news, progress: [] });
  else update({ progress: [...state.job.progress, news] });
}

function followed(id, update) {
  return new Promise((done, fail) => {
    const events = api.events(id);
    const finish = (settle, value) => (events.close(), settle(value));
    events.addEventListener("open", () => update({ progress: [], point: null })); // all is told again from the start
    events.addEventListener("progress", ({ data }) => step(JSON.parse(data), update));
    events.addEventListener("message", ({ data }) => update({ message: JSON.parse(data).text }));
    events.addEventListener("end", ({ data }) => finish(done, JSON.parse(data)));
    events.addEventListener("error", async () => {
      try {
        const job = await api.job(id); // the browser connects again by itself unless the job is over or the server gone
        if (!["waiting", "running"].includes(job.state)) finish(done, job);
      } catch (failure) {
        finish(fail, failure);
      }
    });
  });
}

function outcome(job, update) {
  update({ end: job.state });
  if (job.state === "cancelled") return null;
  if (job.state !== "failed") return job.result;
  const {
    error = _("The work failed without saying why."),
    faults = [],
    least_budget: least = null,
  } = typeof job.error === "string" ? job : job.error || {};
  throw Object.assign(new Refused(error, faults), { least });
}

/** Stop the job that runs, also one that the server has yet to name. */
export async function cancel() {
  if (!running()) return;
  set({ job: { ...state.job, cancelled: true, message: _("Stopping…") } });
  if (state.job.id) await api.cancel(state.job.id);
}
