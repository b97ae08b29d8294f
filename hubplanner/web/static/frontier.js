// What each budget can reach: draw the curve, walk along it.

import { api } from "./api.js";
import { question } from "./choices.js";
import { curve, details, says, table } from "./curve.js";
import { announce, attempt, byId, el, show, toast } from "./dom.js";

import { watch, work } from "./jobs.js";
import { late, openPlan, openScenario } from "./opening.js";
import { date } from "./saved.js";
import { on, set, shownId, state } from "./store.js";
import { openTab } from "./tabs.js";
import { takeView } from "./turns.js";
import { _, ngettext } from "./words.js";

export function startFrontier() {
  on(
    ["scenario"],
    () => state.frontier && state.frontier.scenario !== state.scenario?.id && set({ frontier: null, point: null }),
  );
  on(["scenario", "frontier", "point", "tab"], draw);
  on(["loading"], () => byId("draw-curve") && (byId("draw-curve").disabled = Boolean(state.loading)));
}

function draw() {
  const { frontier, scenario } = state;
  if (!scenario) return;
  const kept = document.activeElement?.id;
  show(byId("view-budgets"), el("h2", {}, _("What would more money reach?")), frontier ? known(frontier) : intro());
  if (!frontier && state.tab === "budgets" && byId("earlier")) attempt(earlier)();
  if (kept === "walk" || kept === "keep-point") byId(kept)?.focus();
}

function intro() {
  if (!state.scenario.budget) return el("p", { class: "note" }, _("This scenario has no budget to vary."));
  const number = el(
    "select",
    { id: "points" },
    [6, 10, 20].map((points) => el("option", { value: points, selected: points === 10 }, _("{n} budgets", { n: points }))),
  );
  return [
    el(
      "p",
      {},
      _("hubplanner finds the best plan for each of several budgets, up to twice yours. No plan on the curve can be beaten for its money."),
    ),
    el("label", { class: "field" }, el("span", {}, _("How fine")), number),
    el(
      "button",
      {
        type: "button",
        class: "primary",
        id: "draw-curve",
        disabled: Boolean(state.loading),
        onclick: attempt(() => find(Number(number.value))),
      },
      _("Draw the curve"),
    ),
    el("div", { id: "earlier" }),
  ];
}

/** Offer the curves that were drawn of this scenario before. */
async function earlier() {
  const [place, { scenario: of }] = [byId("earlier"), state];
  const own = (await api.frontiers()).filter(
    ({ scenario, trade }) => scenario === of.id && (trade || "coverage,cost") === "coverage,cost",
  );
  if (!own.length || !place.isConnected || shownId() !== of.id) return;
  const rows = own
    .slice(0, 5)
    .map(({ id, points, created }) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "link", onclick: attempt(() => load(id, of)) },
          ngettext("{n} plan, {date}", "{n} plans, {date}", points, { date: date(created) }),
        ),
      ),
    );
  show(place, el("h3", {}, _("Drawn before")), el("ul", { class: "plain" }, rows));
}

async function find(points) {
  const { scenario } = state;
  const result = await work({ kind: "frontier", ...question(), points }, _("Finding {n} plans", { n: points }));
  if (!result) return;
  if (shownId() === scenario.id) return load(result.frontier, scenario);
  return offer(result.frontier, scenario);
}

/** Offer a curve that came when another scenario was shown already. */
function offer(id, scenario) {
  const run = attempt(async () => {
    if (shownId() !== scenario.id && !(await openScenario(scenario.id))) return;
    openTab("budgets");
    await load(id, scenario);
  });
  toast(_("A curve was drawn for {title}.", { title: scenario.title }), { stays: true, action: { label: _("Open it"), run } });
}

/** Show a curve that was drawn of a scenario, unless something else was asked for since. */
async function load(id, scenario) {
  const current = takeView();
  const [frontier, layers] = await Promise.all([api.frontier(id), api.frontierLayers(id)]);
  if (!current()) return;
  set({ frontier: { ...frontier, id, scenario: scenario.id, layers } });
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
    title: _("Plan {number} of {all}", { number, all: frontier.points.length }),
    scenario: frontier.scenario,
    currency: frontier.currency,
    budget: point.budget,
    gap: point.gap,
    status: point.status,
    proof: point.proof,
    cost: { total: point.cost },
    need: { total: frontier.need, covered: point.covered_need, share: point.share },
    people: { total: frontier.people, reached: point.people, whom: frontier.whom ?? "people" },
    hubs,
    layers: { hubs: { type: "FeatureCollection", features } },
  };
  set({ point: number, plan });
  announce(says(point, frontier));
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
    "aria-label": _("Plan on the curve"),
    "aria-valuetext": says(point, frontier),
    oninput: ({ target }) => pick(frontier.points[Number(target.value)].number),
  });
  walk.style.setProperty("--part", `${(100 * Math.max(0, at)) / Math.max(1, frontier.points.length - 1)}%`);
  return [
    el("p", { class: "note" }, _("People reached (up) for money spent (right), {currency}", { currency: frontier.currency })),
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
      el("button", { type: "button", class: "primary", id: "keep-point", onclick: attempt(keep) }, _("Save this plan")),
      el(
        "button",
        { type: "button", class: "quiet", onclick: () => set({ frontier: null, point: null }) },
        _("Draw anew"),
      ),
    ),
    el("details", { class: "fold" }, el("summary", {}, el("span", {}, _("As a table"))), table(frontier, pick)),
  ];
}

async function keep() {
  const { frontier, point, scenario } = state;
  const result = await watch(() => api.keepPoint(frontier.id, point), "solve", _("Saving this plan"));
  if (!result) return;
  if (shownId() === scenario.id) await openPlan(result.run);
  else late(result.run, scenario);
}
