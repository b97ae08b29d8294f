// What MapLibre draws: a style of our own, without tiles, glyphs or sprites.

import { roadLayers } from "./byroad.js";
import { connections } from "./connected.js";
import { EMPTY } from "./geometry.js";
import { SIDES } from "./names.js";
import { HALF, palette, SOME } from "./palette.js";

const SOURCES = ["areas", "world", "towns", "lines", "demand", "crowd", "sites", "reach", "ways", "islands", "backhaul", "hubs", "marks", "selected", "labels"];

/** Return the style; `setup` is {theme, limits, mean, count, areas}. */
export function style(setup) {
  const sources = Object.fromEntries(SOURCES.map((name) => [name, { type: "geojson", data: EMPTY, ...options(name) }]));
  return { version: 8, sources, layers: layers(setup) };
}

/** Where places are fewer than the square of this, each is drawn larger, so that a country does not look empty. */
const FEW = 65;

/** Places too many to draw one by one stand together while within a few pixels, so that panning stays smooth. */
export const MANY = 20000;
const TOGETHER = {
  cluster: true,
  clusterRadius: 5,
  clusterMaxZoom: 10,
  maxzoom: 11,
  clusterProperties: {
    need: ["+", ["get", "need"]],
    covered_need: ["+", ["*", ["get", "need"], ["coalesce", ["get", "covered_share"], 0]]],
    change: ["+", ["*", ["get", "need"], ["coalesce", ["get", "difference_b"], 0]]],
  },
};

function options(name) {
  if (name === "crowd") return TOGETHER;
  return name === "demand" ? { maxzoom: 10, buffer: 16, tolerance: 0 } : { tolerance: 0.2 };
}

const zoomed = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops];

/** Return the layers, bottom first. */
export function layers({ theme, limits, mean, count, areas, difference }) {
  const colors = palette(theme);
  const fill = difference ? differences(colors) : cover(colors, ["step", ["coalesce", ["get", "density"], 0]], limits);
  return [
    { id: "ground", type: "background", paint: { "background-color": colors.ground } },
    {
      id: "areas",
      type: "fill",
      source: "areas",
      paint: { "fill-color": fill, "fill-outline-color": zoomed(4, colors.faint, 7, colors.seam) },
    },
    world("world", colors, false),
    world("disputed", colors, true),
    lines(colors),
    { id: "reach", type: "fill", source: "reach", paint: { "fill-color": colors.reach, "fill-opacity": 0.13 } },
    {
      id: "reach-line",
      type: "line",
      source: "reach",
      paint: { "line-color": colors.reach, "line-width": 1, "line-opacity": 0.75 },
    },
    ...roadLayers(colors),
    people("demand", colors, { mean, count, areas, difference }),
    people("crowd", colors, { mean, count, areas, difference }),
    sites(colors),
    { id: "town-marks", type: "circle", source: "towns", paint: { "circle-radius": 1.8, "circle-color": colors.ink } },
    ...connections(colors),
    icons("hubs", ["concat", "hub|", ["get", "shape"], "|", ["get", "hubs"], "|", ["get", "status"], "|", theme]),
    icons("marks", ["concat", ["get", "mark"], "|", theme]),
    selected(colors),
    names("towns", "town", theme),
    names("labels", "label", theme),
  ];
}

/** Coasts, borders, rivers and lakes around: disputed borders are dashed. */
function world(id, colors, disputed) {
  const is = ["==", ["get", "kind"], "disputed"];
  const water = ["in", ["get", "kind"], ["literal", ["river", "lake", "coast"]]];
  return {
    id,
    type: "line",
    source: "world",
    filter: disputed ? is : ["!", is],
    paint: {
      "line-color": ["case", water, colors.water, colors.site],
      "line-width": ["match", ["get", "kind"], "coast", 1.4, "border", 1.2, "disputed", 1, 0.6],
      "line-opacity": 0.8,
      ...(disputed ? { "line-dasharray": [3, 2] } : {}),
    },
  };
}

/** Borders, water and roads that the scenario names. */
function lines(colors) {
  const by = (border, water, road) => ["match", ["get", "kind"], "water", water, "roads", road, border];
  return {
    id: "lines",
    type: "line",
    source: "lines",
    paint: { "line-color": by(colors.site, colors.water, colors.road), "line-width": by(1, 1.2, 0.7) },
  };
}

/** A place's own covered share, or that of places that stand together. */
const part = [
  "coalesce",
  ["get", "covered_share"],
  ["case", ["has", "covered_need"], ["/", ["get", "covered_need"], ["max", ["get", "need"], 1e-9]], 0],
];
const gained = [
  "coalesce",
  ["get", "difference_b"],
  ["case", ["has", "change"], ["/", ["get", "change"], ["max", ["get", "need"], 1e-9]], 0],
];

function cover(colors, by, limits) {
  const ramp = (shades) =>
    limits.length ? [...by, shades[0], ...limits.flatMap((limit, at) => [limit, shades[at + 1]])] : shades[2];
  return ["case", [">=", part, HALF], ramp(colors.covered), [">=", part, SOME], ramp(colors.partly), ramp(colors.not)];
}

/** Colour by who gains and who loses from the first plan to the second. */
function differences(colors) {
  return ["interpolate", ["linear"], gained, -0.6, colors.less, 0, colors.same, 0.6, colors.more];
}

function people(source, colors, { mean, count, areas, difference }) {
  const size = ["max", 0.25, ["min", 3, ["sqrt", ["/", ["get", "need"], Math.max(mean, 1e-9)]]]];
  const wide = Math.max(1, Math.min(2, FEW / Math.sqrt(Math.max(count, 1))));
  const color = difference
    ? differences(colors)
    : ["case", [">=", part, HALF], colors.covered[1], [">=", part, SOME], colors.partly[4], colors.not[4]];
  return {
    id: source,
    type: "circle",
    source,
    minzoom: areas ? 7 : 0,
    paint: {
      "circle-color": color,
      "circle-opacity": 0.85,
      "circle-radius": [
        ...["interpolate", ["exponential", 1.5], ["zoom"]],
        ...[4, ["*", 1.1 * wide, size], 8, ["*", 2.4 * wide, size], 12, ["*", 7, size]],
      ],
      "circle-stroke-width": areas ? 0.75 : 0,
      "circle-stroke-color": colors.seam,
    },
  };
}

function sites(colors) {
  const standing = ["==", ["get", "status"], "existing"];
  return {
    id: "sites",
    type: "circle",
    source: "sites",
    paint: {
      "circle-radius": zoomed(3, 0.6, 4.5, 1.2, 7, 3, 10, 5),
      "circle-color": ["case", standing, colors.ink, colors.edge],
      "circle-opacity": zoomed(4, ["case", standing, 1, 0.4], 8, ["case", standing, 1, 0.9]),
      "circle-stroke-color": colors.site,
      "circle-stroke-width": zoomed(3, 0.25, 4.5, 0.5, 7, 1.2),
      "circle-stroke-opacity": zoomed(4, 0.35, 6, 0.6, 8, 1),
    },
  };
}

function icons(source, image) {
  const layout = {
    "icon-image": image,
    "icon-allow-overlap": true,
    "icon-size": zoomed(3, 0.34, 4.5, 0.5, 6, 0.7, 8, 1, 11, 1.2),
  };
  return { id: source, type: "symbol", source, layout };
}

function selected(colors) {
  const paint = {
    "circle-radius": 13,
    "circle-color": "rgba(0,0,0,0)",
    "circle-stroke-color": colors.ink,
    "circle-stroke-width": 2.5,
  };
  return { id: "selected", type: "circle", source: "selected", paint };
}

/** How far a name stands from its place, by its side. */
const beside = ["match", ["get", "side"], ...Object.entries(SIDES).flatMap(([side, away]) => [side, ["literal", away]]), ["literal", SIDES.left]];

function names(source, kind, theme) {
  const image = ["concat", `${kind}|`, theme, "|", ["get", "name"]];
  const where = { "icon-anchor": ["get", "side"], "icon-offset": beside, "icon-padding": 2 };
  const layout = { "icon-image": image, ...where, "symbol-sort-key": ["get", "order"] };
  return { id: source, type: "symbol", source, layout };
}
