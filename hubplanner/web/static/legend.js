// What the map's marks mean, and which of them to show.

import { followsRoads } from "./byroad.js";
import { byId, el, named, show, svg } from "./dom.js";
import { words } from "./format.js";
import { shapeOf, trace } from "./icons.js";
import { palette } from "./palette.js";
import { on, state } from "./store.js";
import { _ } from "./words.js";

const LAYERS = [
  ["areas", _("Need by area"), ["areas"]],
  ["people", _("Places where people live"), ["demand", "crowd"]],
  ["reach", _("Reach of hubs"), ["reach", "reach-line"]],
  ["ways", _("Ways along roads"), ["ways"]],
  ["islands", _("Roads apart from the others"), ["islands"]],
  ["lines", _("Lines and dishes that connect hubs"), ["backhaul", "dishes"]],
  ["sites", _("Sites not chosen"), ["sites"]],
  ["names", _("Names"), ["labels", "towns", "town-marks"]],
  ["world", _("Coasts and borders"), ["world", "disputed"]],
];
const off = new Set(["ways"]);
let views = () => [];

export function startLegend(maps) {
  views = maps;
  on(["scenario", "map", "theme", "limits", "compare", "plan"], draw);
  if (window.innerWidth < 800) byId("legend").removeAttribute("open");
}

/** Apply what is switched off to a map made later. */
export function dressLayers(view) {
  for (const [id, , names] of LAYERS) view.toggle(names, !off.has(id));
}

/** Return a tier's shape as a small drawing. */
export function shapeMark(shape, look = "shape") {
  const points = [];
  const pen = {
    beginPath() {},
    closePath() {},
    moveTo: (x, y) => points.push([x, y]),
    lineTo: (x, y) => points.push([x, y]),
    arc: () => {},
  };
  trace(pen, shape, 6);
  const form = points.length
    ? svg("polygon", { points: points.map((pair) => pair.map((part) => part.toFixed(2)).join(",")).join(" ") })
    : svg("circle", { r: 6 });
  return svg("svg", { class: look, viewBox: "-9 -9 18 18", "aria-hidden": "true" }, form);
}

function draw() {
  const { scenario, map } = state;
  if (!scenario || !map) return;
  const tiers = scenario.hubs.map((tier, at) => el("li", {}, shapeMark(shapeOf(at)), named(tier.label)));
  const around = map.world.lines.features.length > 0 && !views().some(({ base }) => base);
  const shown = LAYERS.filter(([id]) => (id !== "areas" || map.areas) && (id !== "world" || around) && (id !== "lines" || linked()) && (id !== "ways" || (followsRoads(state.plan) && !views().some(({ many }) => many))) && (id !== "islands" || apart()));
  const aside = [...map.world.notes, ...map.world.sources];
  show(
    byId("legend-body"),
    state.compare ? change() : ramps(),
    el("p", { class: "label" }, _("Hubs")),
    el(
      "ul",
      { class: "plain keys" },
      tiers,
      standing() ? el("li", {}, shapeMark("circle", "shape standing"), _("Standing already")) : null,
      linked() ? links() : null,
      apart() ? island() : null,
    ),
    aside.length ? el("details", { class: "more", id: "legend-sources" }, el("summary", {}, _("About this map")), aside.map(note)) : null,
    el(
      "details",
      { class: "more", id: "legend-layers" },
      el("summary", {}, _("Show or hide")),
      el("fieldset", { class: "checks" }, el("legend", { class: "sr" }, _("On the map")), shown.map(box)),
    ),
  );
}

const note = (text) => el("p", { class: "note" }, text);

const linked = () => Boolean(state.plan?.id && state.plan.backhaul);

const apart = () => followsRoads(state.plan) && state.plan.travel.parts > 1;

const mark = (form) => svg("svg", { class: "swatch", viewBox: "0 0 22 14", "aria-hidden": "true" }, form);

/** Return what roads apart look like. */
function island() {
  const stroke = { fill: "none", stroke: palette(state.theme).less, "stroke-width": 2 };
  return el("li", {}, mark(svg("path", { d: "M1 7H21", ...stroke })), _("Roads apart"));
}

/** Return what lines and rings of a kept plan mean. */
function links() {
  const stroke = { fill: "none", stroke: palette(state.theme).ink };
  const keys = [
    [_("New line"), svg("path", { d: "M1 7H21", "stroke-width": 2, ...stroke })],
    [_("Link of its own"), svg("circle", { cx: 11, cy: 7, r: 6, "stroke-width": 1, ...stroke })],
  ];
  return keys.map(([name, form]) => el("li", {}, mark(form), name));
}

const standing = () => state.map.sites.features.some(({ properties }) => properties.status === "existing");

function ramps() {
  const colors = palette(state.theme);
  const limits = state.limits || [];
  const covered = Boolean(state.plan?.id); // who is covered is known of kept plans
  const rows = [
    [_("Covered"), colors.covered, 1], // the number: which shade points have
    [_("Partly"), colors.partly, 4],
    [_("Not covered"), colors.not, 4],
  ].slice(covered ? 0 : 2);
  const title = limits.length ? _("People not yet online per km²") : _("People not yet online");
  const shades = (ramp, at) => (limits.length ? ramp.slice(0, limits.length + 1) : [ramp[at]]);
  const swatches = rows.map(([name, ramp, at]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, covered ? name : _("Need")),
      shades(ramp, at).map((color) => el("td", {}, swatch(color))),
    ),
  );
  const foot = limits.length
    ? el(
        "tr",
        { class: "limits" },
        el("td", {}),
        limits.map((limit) => el("td", {}, words(limit))),
        el("td", {}),
      )
    : null;
  const unsaved = state.plan && !covered ? el("p", { class: "note" }, _("Save this plan to see whom it covers.")) : null;
  const caption = el("caption", { class: "label" }, title);
  return [el("table", { class: "ramps" }, caption, el("tbody", {}, swatches, foot)), unsaved];
}

function change() {
  const colors = palette(state.theme);
  const rows = [
    [_("Gains in plan B"), colors.more],
    [_("Loses in plan B"), colors.less],
    [_("The same"), colors.same],
  ];
  return el(
    "ul",
    { class: "plain keys one" },
    rows.map(([name, color]) => el("li", {}, swatch(color), name)),
  );
}

function swatch(color) {
  return svg(
    "svg",
    { class: "swatch", viewBox: "0 0 22 14", "aria-hidden": "true" },
    svg("rect", { x: 0.5, y: 0.5, width: 21, height: 13, rx: 2, fill: color, stroke: palette(state.theme).ink, "stroke-opacity": 0.35 }),
  );
}

function box([id, title, names]) {
  const flip = ({ target }) => {
    off[target.checked ? "delete" : "add"](id);
    for (const view of views()) view.toggle(names, target.checked);
  };
  return el(
    "label",
    { class: "check" },
    el("input", { type: "checkbox", checked: !off.has(id), onchange: flip }),
    title,
  );
}
