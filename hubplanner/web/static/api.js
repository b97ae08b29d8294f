// Every request the page makes. All go to the server it came from.

import { _ } from "./words.js";

/** What the server says went wrong: a sentence, and the faults by row where there are any. */
export class Refused extends Error {
  constructor(message, faults = []) {
    super(message);
    this.faults = faults;
  }
}

async function ask(path, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  if (options.method && options.method !== "GET") headers["X-Hubplanner"] = "1";
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, credentials: "same-origin" });
  } catch {
    throw new Refused(_("hubplanner does not answer. Is it still running in the terminal?"));
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok)
    throw new Refused((body && body.error) || _("The server answered {status}.", { status: answer.status }), body?.faults || []);
  return body;
}

const part = encodeURIComponent;
const post = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const api = {
  state: () => ask("/api/state"),
  scenario: (id, overrides = []) =>
    ask(`/api/scenarios/${part(id)}${query(overrides.map((name) => ["override", name]))}`),
  map: (id) => ask(`/api/scenarios/${part(id)}/map`),
  areas: (id) => ask(`/api/scenarios/${part(id)}/map/areas`),
  demandUrl: (id) => absolute(`/api/scenarios/${part(id)}/map/demand`),
  makeProject: (wanted) => post("/api/projects", wanted),
  nameAliases: (id, chosen) => post(`/api/projects/${part(id)}/aliases`, { chosen }),
  makeScenario: (wanted) => post("/api/scenarios", wanted),
  startJob: (wanted) => post("/api/jobs", wanted),
  outlook: (asked) => post("/api/jobs/outlook", asked),
  jobs: () => ask("/api/jobs"),
  job: (id) => ask(`/api/jobs/${part(id)}`),
  cancel: (id) => post(`/api/jobs/${part(id)}/cancel`, {}),
  events: (id) => new EventSource(`/api/jobs/${part(id)}/events`),
  runs: () => ask("/api/runs"),
  run: (id) => ask(`/api/runs/${part(id)}`),
  runLayer: (id, layer) => ask(`/api/runs/${part(id)}/layers/${layer}`),
  runDemandUrl: (id) => absolute(`/api/runs/${part(id)}/layers/demand`),
  layer: (url) => ask(url),
  files: (id) => ask(`/api/runs/${part(id)}/files`),
  fileUrl: (id, name) => `/api/runs/${part(id)}/files/${part(name)}`,
  reportUrl: (id) => `/api/runs/${part(id)}/report`,
  rename: (id, name) => post(`/api/runs/${part(id)}/name`, { name }),
  remove: (id) => ask(`/api/runs/${part(id)}`, { method: "DELETE" }),
  frontiers: () => ask("/api/frontiers"),
  frontier: (id) => ask(`/api/frontiers/${part(id)}`),
  frontierLayers: (id) => ask(`/api/frontiers/${part(id)}/layers`),
  keepPoint: (id, number) => post(`/api/frontiers/${part(id)}/points/${number}`, {}),
  compare: (a, b) =>
    ask(
      `/api/compare${query([
        ["a", a],
        ["b", b],
      ])}`,
    ),
  upload: (kind, file, signal, sheet = "") =>
    ask(
      `/api/uploads${query([
        ["kind", kind],
        ["name", file.name],
        ["part", sheet],
      ])}`,
      {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream" },
        body: file,
        signal,
      },
    ),
};

function query(pairs) {
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/** The map's worker has no address of its own: it needs whole ones. */
function absolute(path) {
  return new URL(path, window.location.href).href;
}
