// The maps: what they show follows the state.

import { api } from "./api.js";
import { together } from "./controls.js";
import { byId, show, toast } from "./dom.js";
import { EMPTY } from "./geometry.js";
import { dressLayers } from "./legend.js";
import { MapView } from "./mapview.js";
import { clicked } from "./sitecard.js";
import { sentence } from "./result.js";
import { on, set, state } from "./store.js";
import { point } from "./tip.js";

let first = null;
let second = null;
let part = () => {};
let areas = null;

export const views = () => [first, second].filter(Boolean);

export function startStage(base) {
  if (!window.maplibregl) throw new Error("The map's code did not load.");
  const tell = (view, at) => point(view, at, state.map?.demand || 0);
  first = new MapView(byId("map-a"), { theme: state.theme, base, pick: clicked, point: tell });
  first.tell = tell;
  on(["theme"], () => views().forEach((view) => view.dress({ theme: state.theme })));
  on(["map", "plan", "pins"], marks);
  on(["selected"], choose);
  on(["plan"], () => state.compare || drawPlan(first, state.plan));
  on(["compare"], compare);
  return first;
}

/** Load a scenario's map and show it. */
export async function showMap(id, map, totals) {
  areas = map.areas ? await api.areas(id) : null;
  const mean = totals.need / Math.max(1, map.demand);
  await first.showScenario({ map, areas, demandUrl: api.demandUrl(id), mean });
  set({ map, limits: first.setup.limits });
  byId("loading").hidden = true;
}

const tierNames = () => state.scenario.hubs.map(({ id }) => id);

/** Show a plan on a map: hubs and reach at once, then what is covered. */
async function drawPlan(view, plan) {
  if (!state.map) return;
  try {
    const hubs = plan ? plan.layers?.hubs || (await api.runLayer(plan.id, "hubs")) : EMPTY;
    await view.showHubs(hubs, tierNames());
    await cover(view, plan);
  } catch (failure) {
    toast(failure.message, { error: true });
  }
}

async function cover(view, plan) {
  const saved = plan && plan.id;
  if (areas) await view.put("areas", saved ? await api.runLayer(plan.id, "areas") : areas);
  await view.putPeople(saved ? api.runDemandUrl(plan.id) : api.demandUrl(state.scenario.id));
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

async function compare() {
  const { compare: found } = state;
  byId("pane-b").hidden = !found;
  byId("caption-a").hidden = !found;
  byId("maps").classList.toggle("two", Boolean(found));
  first.map.resize();
  if (!found) return end();
  caption("a", found.a);
  caption("b", found.b);
  await open();
  await Promise.all([drawPlan(first, found.a), drawPlan(second, found.b)]);
  return differences(found.layers);
}

/** The second map is made when it is first wanted, and kept. */
async function open() {
  part();
  second ||= new MapView(byId("map-b"), { theme: state.theme, base: first.base, pick: clicked, point: first.tell });
  await second.ready;
  second.map.resize();
  [second.bounds, second.many] = [first.bounds, first.many];
  await second.dress({ ...first.setup, difference: false });
  await second.put("sites", state.map.sites);
  second.map.jumpTo({ center: first.map.getCenter(), zoom: first.map.getZoom() });
  part = together([first, second]);
  dressLayers(second);
}

function end() {
  part();
  if (!second) return;
  first.dress({ difference: false });
  return drawPlan(first, state.plan);
}

/** On the second map, show who gains and who loses; the first keeps what plan A covers. */
async function differences(layers) {
  const change = new Map(
    (layers?.features || [])
      .filter(({ properties }) => properties.kind === "demand")
      .map(({ properties }) => [properties.demand_id, properties]),
  );
  if (!change.size || !second) return;
  const withChange = (feature) => ({
    ...feature,
    properties: { ...feature.properties, ...change.get(feature.properties.demand_id) },
  });
  if (areas) await second.put("areas", { type: "FeatureCollection", features: areas.features.map(withChange) });
  await second.putPeople({
    type: "FeatureCollection",
    features: layers.features.filter(({ properties }) => properties.kind === "demand"),
  });
  await second.dress({ difference: true });
}

function caption(letter, plan) {
  const tag = document.createElement("strong");
  tag.textContent = `Plan ${letter.toUpperCase()}`;
  show(byId(`caption-${letter}`), tag, ` ${sentence(plan)}`);
}
