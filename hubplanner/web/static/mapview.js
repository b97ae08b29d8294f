// One map: what it shows is handed to it; what is clicked it hands back.

import { beneath, Whole } from "./controls.js";
import { toast } from "./dom.js";
import { makeMap } from "./engine.js";
import { around, classes, EMPTY, reaches } from "./geometry.js";
import { drawIcon, shapeOf } from "./icons.js";
import { layers, MANY, style } from "./layers.js";
import { placed } from "./names.js";
import { turns } from "./turns.js";
import { _ } from "./words.js";

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const NEAR_PX = 8;
const LABELS = 60;

export class MapView {
  constructor(node, { theme, base = null, pick = () => {}, point = () => {} }) {
    [this.towns, this.labels] = [EMPTY, EMPTY];
    this.take = turns(); // of plans: the last one asked for is drawn
    this.setup = { theme, limits: [], mean: 1, count: 0, areas: false, difference: false };
    const options = {
      container: node,
      style: style(this.setup),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      renderWorldCopies: false,
      maxZoom: 15,
      fadeDuration: 0,
      center: [69, 30],
      zoom: 4,
      locale: {
        "Map.Title": node.dataset.label || _("Map"),
        "NavigationControl.ZoomIn": _("Zoom in"),
        "NavigationControl.ZoomOut": _("Zoom out"),
      },
    };
    Object.assign(this, makeMap(options, base));
    this.base = this.plain ? null : base;
    this.map.on("styleimagemissing", ({ id }) => this.#draw(id));
    this.map.on("zoomend", () => this.#name());
    this.map.on("click", ({ point: at }) => pick(this.#siteAt(at)));
    this.map.on("mousemove", ({ point: at }) => point(this, at));
    this.map.on("mouseout", () => point(this, null));
    this.map.addControl(new Whole(() => this.bounds && this.fit(this.bounds)), "top-right");
    this.map.on("error", ({ error }) => failed(error?.message || ""));
    this.map.on("dataloading", () => node.setAttribute("aria-busy", "true"));
    this.map.on("idle", () => node.setAttribute("aria-busy", "false"));
    this.ready = new Promise((done) => this.map.once("load", done)).then(() => this.base && this.#lay());
  }

  /** Lay our own layers over a base map that the planner asked for. */
  #lay() {
    const own = style(this.setup);
    for (const [name, source] of Object.entries(own.sources)) this.map.addSource(name, source);
    for (const layer of this.#layers()) this.map.addLayer(layer);
  }

  /** Return our layers; over a base map the ground is its own, and areas let it shine through. */
  #layers() {
    const all = layers(this.setup);
    if (!this.base) return all;
    all.find(({ id }) => id === "areas").paint["fill-opacity"] = 0.6;
    return all.filter(({ id }) => id !== "ground");
  }

  #draw(id) {
    const { data, ratio } = drawIcon(id);
    if (!this.map.hasImage(id)) this.map.addImage(id, data, { pixelRatio: ratio });
  }

  #siteAt({ x, y }) {
    const box = [-NEAR_PX, NEAR_PX].map((away) => [x + away, y + away]);
    const near = this.map.queryRenderedFeatures(box, { layers: ["hubs", "marks", "sites"] });
    const distance = ({ geometry }) => {
      const at = this.map.project(geometry.coordinates);
      return Math.hypot(at.x - x, at.y - y);
    };
    near.sort((a, b) => distance(a) - distance(b));
    return near.length ? near[0].properties.site_id : null;
  }

  /** Return what lies under the pointer, a point before an area. */
  placeAt(at) {
    return this.map.queryRenderedFeatures(at, { layers: ["demand", "crowd", "areas"] })[0]?.properties || null;
  }

  /** Put the places where people live, given as data or as their address. */
  async putPeople(data) {
    const [now, other] = this.many ? ["crowd", "demand"] : ["demand", "crowd"];
    await Promise.all([this.put(now, data), this.put(other, null)]);
  }

  /** Put what lies around: lines that the scenario names and, without a base map, coasts, borders and towns. */
  putAround({ lines, world }) {
    const around = this.base ? {} : world;
    this.towns = around.towns || EMPTY;
    return Promise.all([this.put("lines", lines), this.put("world", around.lines), this.#name()]);
  }

  /** Write the names of towns and hubs for which there is room at this scale. */
  #name() {
    const { towns, labels } = placed(this.towns, this.labels, this.map);
    return Promise.all([this.put("towns", towns), this.put("labels", labels)]);
  }

  async put(source, data) {
    await this.ready;
    this.map.getSource(source).setData(data || EMPTY);
  }

  async #paint() {
    await this.ready;
    for (const layer of this.#layers()) {
      for (const [name, value] of Object.entries(layer.paint || {})) this.map.setPaintProperty(layer.id, name, value);
      for (const [name, value] of Object.entries(layer.layout || {})) this.map.setLayoutProperty(layer.id, name, value);
      if (layer.minzoom !== undefined) this.map.setLayerZoomRange(layer.id, layer.minzoom, 24);
    }
  }

  async dress(changes) {
    Object.assign(this.setup, changes);
    await this.#paint();
  }

  /** Show a scenario: its sites at once, its areas or points as they come. */
  async showScenario({ map, areas, demandUrl, mean }) {
    this.take();
    const limits = areas
      ? classes(
          areas.features.map(({ properties }) => properties.density),
          5,
        )
      : [];
    this.many = map.demand > MANY;
    await this.dress({ limits, mean, count: map.demand, areas: Boolean(areas) });
    await Promise.all([
      this.put("areas", areas),
      this.putAround(map),
      this.putPeople(demandUrl),
      this.put("sites", map.sites),
      this.showHubs(EMPTY, []),
      ...["ways", "islands", "backhaul"].map((name) => this.put(name, EMPTY)),
    ]);
    this.bounds = areas ? around(areas, map.bounds) : map.bounds;
    this.fit(this.bounds, false);
  }

  /** Show a plan's hubs and what they reach. */
  async showHubs(hubs, tiers) {
    const shaped = {
      type: "FeatureCollection",
      features: (hubs || EMPTY).features.map((hub) => withShape(hub, tiers)),
    };
    const big = [...shaped.features].sort(
      (a, b) => (b.properties.covered_need || 0) - (a.properties.covered_need || 0),
    );
    const first = new Map(big.map((hub) => [hub.properties.site_id, hub]).reverse());
    const labelled = big
      .filter((hub) => hub.properties.name && first.get(hub.properties.site_id) === hub)
      .slice(0, LABELS);
    const features = labelled.map((hub, order) => ({ ...hub, properties: { name: hub.properties.name, order } }));
    this.labels = { ...EMPTY, features };
    await Promise.all([this.put("hubs", shaped), this.put("reach", reaches(shaped)), this.#name()]);
  }

  toggle(names, shown) {
    for (const name of names) this.map.setLayoutProperty(name, "visibility", shown ? "visible" : "none");
  }

  fit([west, south, east, north], moving = true) {
    const node = this.map.getContainer();
    const own = node.closest("#maps"); // where cards lie over it
    const padding = own ? { top: 76, left: 24, right: node.clientWidth > 700 ? 150 : 24, bottom: beneath(node) + 24 } : 24;
    this.map.fitBounds([west, south, east, north], { padding, animate: moving && !calm.matches, duration: 500 });
  }

  /** Bring a place into view without leaving the region. */
  goTo(center) {
    const zoom = Math.max(this.map.getZoom(), 7);
    const offset = [0, window.innerWidth < 800 ? -this.map.getContainer().clientHeight * 0.26 : 0];
    this.map.easeTo({ center, zoom, offset, animate: !calm.matches });
  }
}

/** Newer data end the loading of older ones: that is no fault. */
function failed(message) {
  if (!/abort/i.test(message)) toast(_("The map could not be drawn: {message}", { message }), { error: true });
}

function withShape(hub, tiers) {
  const at = Math.max(0, tiers.indexOf(hub.properties.tier));
  return { ...hub, properties: { hubs: 1, status: "new", ...hub.properties, shape: shapeOf(at) } };
}
