// Work the server does in the background: start it, follow it, stop it.

import { api, Refused } from "./api.js";
import { announce } from "./dom.js";
import { set, state } from "./store.js";

export const running = () => Boolean(state.job && state.job.end === null);

/** Start a job and return its result; throws what went wrong, and returns null if it was cancelled. */
export function work(wanted, title) {
  return watch(() => api.startJob(wanted), wanted.kind, title);
}

/** Follow a job that was started elsewhere. */
export function resume(id, kind, title) {
  return watch(async () => ({ job: id }), kind, title);
}

/** Start what gives a job's id, and follow it to its end. */
export async function watch(begin, kind, title) {
  if (running()) throw new Refused("hubplanner is busy. Cancel what runs, or wait for it.");
  set({ job: { id: null, kind, title, since: performance.now(), progress: [], point: null, message: "", end: null } });
  announce(title);
  try {
    const { job: id } = await begin();
    update({ id });
    return outcome(await followed(id));
  } catch (failure) {
    update({ end: "failed" });
    throw failure;
  }
}

function update(changes) {
  set({ job: { ...state.job, ...changes } });
}

/** Take a step of the search; one point of a curve done begins the next search. */
function step(news) {
  if (news.points) update({ point: news, progress: [] });
  else update({ progress: [...state.job.progress, news] });
}

function followed(id) {
  return new Promise((done, fail) => {
    const events = api.events(id);
    const finish = (settle, value) => (events.close(), settle(value));
    events.addEventListener("progress", ({ data }) => step(JSON.parse(data)));
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

function outcome(job) {
  update({ end: job.state });
  if (job.state === "cancelled") return null;
  if (job.state !== "failed") return job.result;
  const {
    error = "The work failed without saying why.",
    faults = [],
    least_budget: least = null,
  } = typeof job.error === "string" ? job : job.error || {};
  throw Object.assign(new Refused(error, faults), { least });
}

export async function cancel() {
  if (!state.job?.id) return;
  update({ message: "Stopping…" });
  await api.cancel(state.job.id);
}
