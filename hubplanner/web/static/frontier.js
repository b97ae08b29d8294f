// What each budget can reach: draw the curve, walk along it.

import { api } from "./api.js";
import { question } from "./choices.js";
import { curve } from "./curve.js";
import { announce, attempt, byId, el, show } from "./dom.js";
import { count, money, plain, words } from "./format.js";
import { watch, work } from "./jobs.js";
import { date } from "./saved.js";
import { on, set, state } from "./store.js";

let open = () => {};

export function startFrontier(openPlan) {
  open = openPlan;
  on(
    ["scenario"],
    () => state.frontier && state.frontier.scenario !== state.scenario?.id && set({ frontier: null, point: null }),
  );
  on(["scenario", "frontier", "point", "tab"], draw);
}

function draw() {
  const { frontier, scenario } = state;
  if (!scenario) return;
  const kept = document.activeElement?.id;
  show(byId("view-budgets"), el("h2", {}, "What would more money reach?"), frontier ? known(frontier) : intro());
  if (!frontier && state.tab === "budgets" && byId("earlier")) attempt(earlier)();
  if (kept === "walk" || kept === "keep-point") byId(kept)?.focus();
}

function intro() {
  if (!state.scenario.budget) return el("p", { class: "note" }, "This scenario has no budget to vary.");
  const number = el(
    "select",
    { id: "points" },
    [6, 10, 20].map((points) => el("option", { value: points, selected: points === 10 }, `${points} budgets`)),
  );
  return [
    el(
      "p",
      {},
      "hubplanner finds the best plan for each of several budgets, up to twice yours. No plan on the curve can be beaten for its money.",
    ),
    el("label", { class: "field" }, el("span", {}, "How fine"), number),
    el(
      "button",
      { type: "button", class: "primary", id: "draw-curve", onclick: attempt(() => find(Number(number.value))) },
      "Draw the curve",
    ),
    el("div", { id: "earlier" }),
  ];
}

/** Offer the curves that were drawn of this scenario before. */
async function earlier() {
  const own = (await api.frontiers()).filter(
    ({ scenario, trade }) => scenario === state.scenario.id && (trade || "coverage,cost") === "coverage,cost",
  );
  if (!own.length || !byId("earlier")) return;
  const rows = own
    .slice(0, 5)
    .map(({ id, points, created }) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "link", onclick: attempt(() => load(id)) },
          `${count(points, "plan")}, ${date(created)}`,
        ),
      ),
    );
  show(byId("earlier"), el("h3", {}, "Drawn before"), el("ul", { class: "plain" }, rows));
}

async function find(points) {
  const result = await work({ kind: "frontier", ...question(), points }, `Finding ${points} plans`);
  if (result) await load(result.frontier);
}

/** Show a curve that was drawn before. */
async function load(id) {
  const [frontier, layers] = await Promise.all([api.frontier(id), api.frontierLayers(id)]);
  set({ frontier: { ...frontier, id, scenario: state.scenario.id, layers } });
  pick(frontier.knee || frontier.points[0].number);
}

/** Show a point's plan on the map. */
function pick(number) {
  const { frontier } = state;
  const point = frontier.points.find((other) => other.number === number);
  const features = frontier.layers.features.filter(({ properties }) => properties.point === number);
  const places = new Map(features.map(({ properties, geometry }) => [properties.site_id, geometry.coordinates]));
  const hubs = point.hubs.map((hub) => ({
    ...hub,
    lon: places.get(hub.site_id)?.[0],
    lat: places.get(hub.site_id)?.[1],
  }));
  const plan = {
    objective: "max_coverage",
    title: `Plan ${number} of ${frontier.points.length}`,
    currency: frontier.currency,
    budget: point.budget,
    gap: point.gap,
    status: point.status,
    proof: point.proof,
    cost: { total: point.cost },
    need: { total: frontier.need, covered: point.covered_need, share: point.share },
    people: { total: frontier.people, covered: point.people },
    hubs,
    layers: { hubs: { type: "FeatureCollection", features } },
  };
  set({ point: number, plan });
  announce(says(point, frontier));
}

function says({ cost, people, hubs }, { currency }) {
  const number = hubs.reduce((sum, hub) => sum + (hub.status === "existing" ? 0 : hub.hubs || 1), 0);
  return `${money(cost, currency)} reaches ${words(people)} people with ${count(number, "hub")}.`;
}

function known(frontier) {
  const at = frontier.points.findIndex(({ number }) => number === state.point);
  const point = frontier.points[Math.max(0, at)];
  const walk = el("input", {
    type: "range",
    id: "walk",
    min: 0,
    max: frontier.points.length - 1,
    step: 1,
    value: Math.max(0, at),
    "aria-label": "Plan on the curve",
    "aria-valuetext": says(point, frontier),
    oninput: ({ target }) => pick(frontier.points[Number(target.value)].number),
  });
  walk.style.setProperty("--part", `${(100 * Math.max(0, at)) / Math.max(1, frontier.points.length - 1)}%`);
  return [
    el("p", { class: "note" }, `People reached (up) for money spent (right), ${frontier.currency}`),
    curve(frontier.points, { now: state.point, knee: frontier.knee, origin: frontier.existing, pick }),
    walk,
    el(
      "div",
      { class: "walked" },
      el("p", { class: "says" }, says(point, frontier)),
      el("p", { class: "note" }, details(point, frontier)),
    ),
    el(
      "div",
      { class: "row" },
      el("button", { type: "button", class: "primary", id: "keep-point", onclick: attempt(keep) }, "Save this plan"),
      el(
        "button",
        { type: "button", class: "quiet", onclick: () => set({ frontier: null, point: null }) },
        "Draw anew",
      ),
    ),
    el("details", { class: "fold" }, el("summary", {}, el("span", {}, "As a table")), table(frontier)),
  ];
}

function details(point, frontier) {
  const more = point.marginal_people_per_million;
  const gain = more ? `The last million ${frontier.currency} of it brings ${plain(more)} people. ` : "";
  const knee = point.number === frontier.knee ? "Beyond this plan each further million buys markedly less. " : "";
  return `${gain}${knee}${point.proof.words[0].toUpperCase()}${point.proof.words.slice(1)}.`;
}

function table({ points, currency }) {
  const head = ["Plan", currency, "People", "Hubs"].map((text) => el("th", { scope: "col" }, text));
  const rows = points.map((point) =>
    el(
      "tr",
      {},
      el(
        "td",
        {},
        el("button", { type: "button", class: "link", onclick: () => pick(point.number) }, `Plan ${point.number}`),
      ),
      [words(point.cost), words(point.people), plain(point.hubs.length)].map((text) =>
        el("td", { class: "number" }, text),
      ),
    ),
  );
  return el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}

async function keep() {
  const { id } = state.frontier;
  const result = await watch(() => api.keepPoint(id, state.point), "solve", "Saving this plan");
  if (result) await open(result.run);
}
