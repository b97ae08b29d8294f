// The maps: what they show follows the state.

import { api } from "./api.js";
import { putRoads } from "./byroad.js";
import { together } from "./controls.js";
import { byId, el, named, show, toast } from "./dom.js";
import { EMPTY } from "./geometry.js";
import { dressLayers } from "./legend.js";
import { MapView } from "./mapview.js";
import { clicked } from "./sitecard.js";
import { sentence } from "./result.js";
import { on, state } from "./store.js";
import { point } from "./tip.js";
import { turns } from "./turns.js";
import { _ } from "./words.js";

let first = null;
let second = null;
let part = () => {};
let areas = null;

export const views = () => [first, second].filter(Boolean);

export function startStage(base) {
  const tell = (view, at) => point(view, at, state.map?.demand || 0);
  first = new MapView(byId("map-a"), { theme: state.theme, base, pick: clicked, point: tell });
  first.tell = tell;
  if (first.plain) sayPlain(base);
  first.ready.then(() => dressLayers(first));
  on(["theme"], () => views().forEach((view) => view.dress({ theme: state.theme })));
  on(["map", "plan", "pins"], marks);
  on(["selected"], choose);
  on(["plan"], () => state.compare || drawPlan(first, state.plan));
  on(["compare"], compare);
  return first;
}

/** Say once, beside the map, why it is a plain one, and what is missing if a base map was asked for. */
function sayPlain(base) {
  const told = base ? _("A plain map, without the base map: this browser has no WebGL.") : _("A plain map: this browser has no WebGL.");
  byId("map-a").after(el("p", { id: "plain-map", class: "note" }, told));
}

/** Load a scenario's map. */
export async function loadMap(id) {
  const map = await api.map(id);
  return { map, areas: map.areas ? await api.areas(id) : null };
}

/** Show a map that was loaded; returns the limits of its shades. */
export async function showMap(id, loaded, totals) {
  const { map } = loaded;
  areas = loaded.areas;
  await first.showScenario({ map, areas, demandUrl: api.demandUrl(id), mean: totals.need / Math.max(1, map.demand) });
  return first.setup.limits;
}

const tierNames = () => state.scenario.hubs.map(({ id }) => id);

/** Show a plan on a map: hubs and reach at once, then what is covered. */
async function drawPlan(view, plan) {
  const current = view.take();
  if (!state.map) return;
  try {
    const hubs = plan ? plan.layers?.hubs || (await api.runLayer(plan.id, "hubs")) : EMPTY;
    if (!current()) return;
    const lines = plan?.id && plan.backhaul ? await api.runLayer(plan.id, "backhaul") : EMPTY;
    if (!current()) return;
    await Promise.all([view.showHubs(hubs, tierNames()), view.put("backhaul", lines)]);
    await putRoads(view, plan, current);
    if (!current()) return;
    await cover(view, plan, current);
  } catch (failure) {
    if (current()) toast(failure.message, { error: true });
  }
}

async function cover(view, plan, current) {
  const [saved, { id }] = [plan && plan.id, state.scenario];
  if (areas) {
    const shapes = saved ? await api.runLayer(plan.id, "areas") : areas;
    if (!current()) return;
    await view.dress({ areas: shapes.features.length > 0 }); // of a plan of other data, only points may be known
    await view.put("areas", shapes);
  }
  if (current()) await view.putPeople(saved ? api.runDemandUrl(plan.id) : api.demandUrl(id));
}

function pointsOf(test, properties) {
  const features = (state.map?.sites.features || [])
    .filter(test)
    .map((site) => ({ ...site, properties: { site_id: site.properties.site_id, ...properties(site) } }));
  return { type: "FeatureCollection", features };
}

function marks() {
  const of = ({ properties: { site_id: id, status } }) =>
    state.pins.get(id) || (["required", "excluded"].includes(status) ? status : null);
  first.put(
    "marks",
    pointsOf(of, (site) => ({ mark: of(site) })),
  );
}

function choose() {
  const chosen = pointsOf(
    ({ properties }) => properties.site_id === state.selected,
    () => ({}),
  );
  for (const view of views()) view.put("selected", chosen);
  if (state.follow && chosen.features.length) first.goTo(chosen.features[0].geometry.coordinates);
}

const takeComparison = turns();

async function compare() {
  const [current, { compare: found }] = [takeComparison(), state];
  byId("pane-b").hidden = !found;
  byId("caption-a").hidden = !found;
  byId("maps").classList.toggle("two", Boolean(found));
  first.map.resize();
  if (!found) return end();
  caption("a", found.a);
  caption("b", found.b);
  try {
    await open(current);
    if (!current()) return undefined;
    await Promise.all([drawPlan(first, found.a), drawPlan(second, found.b)]);
    if (current()) await differences(found, current);
  } catch (failure) {
    if (current()) toast(failure.message, { error: true });
  }
  return undefined;
}

/** The second map is made when it is first wanted, and kept. */
async function open(current) {
  part();
  second ||= new MapView(byId("map-b"), { theme: state.theme, base: first.base, pick: clicked, point: first.tell });
  await second.ready;
  second.map.resize();
  [second.bounds, second.many] = [first.bounds, first.many];
  await second.dress({ ...first.setup, difference: false });
  await Promise.all([second.put("sites", state.map.sites), second.putAround(state.map)]);
  if (!current()) return;
  first.fit(first.bounds, false); // half as wide as before
  second.map.jumpTo({ center: first.map.getCenter(), zoom: first.map.getZoom() });
  part = together([first, second]);
  dressLayers(second);
}

function end() {
  part();
  if (!second) return undefined;
  first.fit(first.bounds, false);
  second.take(); // what is still to come for it comes too late
  first.dress({ difference: false });
  return drawPlan(first, state.plan);
}

/** On the second map, show who gains and who loses; the first keeps what plan A covers. */
async function differences({ b, layers }, current) {
  const change = new Map(
    (layers?.features || [])
      .filter(({ properties }) => properties.kind === "demand")
      .map(({ properties }) => [properties.demand_id, properties]),
  );
  if (!change.size || !second) return;
  const shapes = areas ? await api.runLayer(b.id, "areas") : null; // the plan's own, which may be of another scenario
  if (!current()) return;
  const withChange = (feature) => ({
    ...feature,
    properties: { ...feature.properties, ...change.get(feature.properties.demand_id) },
  });
  if (shapes) await second.put("areas", { type: "FeatureCollection", features: shapes.features.map(withChange) });
  await second.putPeople({
    type: "FeatureCollection",
    features: layers.features.filter(({ properties }) => properties.kind === "demand"),
  });
  await second.dress({ difference: true });
}

function caption(letter, plan) {
  const tag = document.createElement("strong");
  tag.textContent = { a: _("Plan A"), b: _("Plan B") }[letter];
  const of = plan.scenario === state.scenario.id ? null : named(` ${plan.title}`, "span", { class: "note" });
  show(byId(`caption-${letter}`), tag, ` ${sentence(plan)}`, of);
}
