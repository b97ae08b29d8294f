// How a plain map draws the layers of the style on its canvas, and finds what lies at a place.

import { circle } from "./discs.js";
import { compiled } from "./expressions.js";

const DEFAULTS = {
  "fill-opacity": 1,
  "line-opacity": 1,
  "circle-opacity": 1,
  "circle-stroke-width": 0,
  "circle-stroke-color": "#000",
  "circle-stroke-opacity": 1,
  "icon-size": 1,
  "icon-padding": 2,
  "icon-anchor": "center",
  "icon-offset": [0, 0],
  visibility: "visible",
};
/** Which part of an icon's width and height lies left of and above its place. */
const ANCHORS = { center: [0.5, 0.5], left: [0, 0.5], right: [1, 0.5], top: [0.5, 0], bottom: [0.5, 1] };
const FINE_PX = 0.6; // bends that nobody sees are left out

/** A layer of the style with its expressions as functions; `sheet` is what it is drawn on: {pen, camera, ratio, image, taken}. */
export class PlainLayer {
  constructor({ id, type, source, filter, minzoom = 0, paint = {}, layout = {} }, sources) {
    Object.assign(this, { id, minzoom, kind: KINDS[type], source: sources[source], filter: filter && compiled(filter), values: {}, placed: [] });
    for (const [name, value] of Object.entries({ ...DEFAULTS, ...paint, ...layout })) this.set(name, value);
  }

  set(name, value) {
    this.values[name] = compiled(value);
    this.drawn = null;
  }

  /** Return a property's value for a feature, or nothing where the style does not name it. */
  value(name, feature, zoom) {
    return this.values[name]?.(feature?.properties, zoom);
  }

  shown({ zoom }) {
    return zoom >= this.minzoom && this.value("visibility") === "visible";
  }

  /** Return the features to draw, in a list that stays the same as long as they do. */
  features({ zoom }) {
    const all = this.source.at(zoom);
    if (!this.filter) return all;
    if (this.all !== all) [this.all, this.some] = [all, all.filter(({ properties }) => this.filter(properties))];
    return this.some;
  }

  /** Find room, of layers above first; those that may not overlap go without where there is none. */
  place(sheet) {
    this.kind.place?.(this, sheet);
  }

  draw(sheet) {
    this.kind.draw(this, sheet);
    sheet.pen.globalAlpha = 1;
  }

  /** Return the features that lie in a box on the canvas, [left, top, right, bottom], the one drawn last first. */
  under(box, sheet) {
    return this.shown(sheet.camera) && this.kind.under ? this.kind.under(this, box, sheet).reverse() : [];
  }
}

const background = {
  draw(layer, { pen, camera }) {
    pen.fillStyle = layer.value("background-color", null, camera.zoom);
    pen.fillRect(0, 0, camera.width, camera.height);
  },
};

const fill = {
  draw(layer, { pen, camera }) {
    for (const feature of layer.features(camera)) {
      if (!camera.sees(feature)) continue;
      const value = (name) => layer.value(name, feature, camera.zoom);
      pen.beginPath();
      trace(pen, feature.lines, camera);
      [pen.globalAlpha, pen.fillStyle] = [value("fill-opacity"), value("fill-color")];
      pen.fill("evenodd");
      const outline = value("fill-outline-color");
      if (!outline) continue;
      [pen.strokeStyle, pen.lineWidth] = [outline, 1];
      pen.stroke();
    }
  },
  under(layer, [left, top, right, bottom], { pen, camera, ratio }) {
    const at = { x: (left + right) / 2, y: (top + bottom) / 2 };
    const point = camera.under(at);
    return layer.features(camera).filter(({ box, lines }) => {
      if (!box || point.some((part, axis) => part < box[axis] || part > box[axis + 2])) return false;
      pen.beginPath();
      trace(pen, lines, camera);
      return pen.isPointInPath(at.x * ratio, at.y * ratio, "evenodd");
    });
  },
};

/** Lines that look alike are drawn at once. */
const line = {
  draw(layer, { pen, camera }) {
    const groups = new Map();
    for (const feature of layer.features(camera)) {
      if (!camera.sees(feature)) continue;
      const look = ["color", "width", "opacity"].map((name) => layer.value(`line-${name}`, feature, camera.zoom));
      const key = look.join("|");
      if (!groups.has(key)) groups.set(key, { look, all: [] });
      groups.get(key).all.push(feature);
    }
    for (const { look, all } of groups.values()) {
      [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = look;
      pen.setLineDash((layer.value("line-dasharray") || []).map((length) => length * pen.lineWidth));
      pen.beginPath();
      for (const { lines } of all) trace(pen, lines, camera);
      pen.stroke();
    }
    pen.setLineDash([]);
  },
};

/** Southern ones lie above northern ones, of two at one place the first. */
const symbol = {
  place(layer, { camera, image, taken }) {
    const order = (feature) => layer.value("symbol-sort-key", feature, camera.zoom) ?? feature.y;
    const sorted = [...layer.features(camera)].reverse().sort((a, b) => order(a) - order(b));
    const overlaps = layer.value("icon-allow-overlap");
    layer.placed = [];
    for (const feature of sorted) {
      const { x, y } = camera.at([feature.x, feature.y]);
      const value = (name) => layer.value(name, feature, camera.zoom);
      const [{ sheet, width, height }, size, [right, down]] = [image(value("icon-image")), value("icon-size"), value("icon-offset")];
      const [wide, high] = [width * size, height * size];
      const [leftwards, upwards] = ANCHORS[value("icon-anchor")];
      const box = [x + right * size - leftwards * wide, y + down * size - upwards * high];
      box.push(box[0] + wide, box[1] + high);
      if (!meet(box, [0, 0, camera.width, camera.height])) continue;
      if (!overlaps && taken.some((other) => meet(box, other))) continue;
      const room = value("icon-padding");
      if (!overlaps) taken.push([box[0] - room, box[1] - room, box[2] + room, box[3] + room]);
      layer.placed.push({ feature, sheet, box });
    }
  },
  draw(layer, { pen }) {
    for (const { sheet, box: [left, top, right, bottom] } of layer.placed) pen.drawImage(sheet, left, top, right - left, bottom - top);
  },
  under: (layer, box) => layer.placed.filter((one) => meet(one.box, box)).map(({ feature }) => feature),
};

const meet = ([left, top, right, bottom], other) => right >= other[0] && left <= other[2] && bottom >= other[1] && top <= other[3];

const KINDS = { background, fill, line, circle, symbol };

/** Add lines or rings to the path. */
function trace(pen, lines, { left, top, size }) {
  for (const points of lines) {
    let [lastX, lastY] = [Infinity, Infinity];
    for (let at = 0; at < points.length; at += 2) {
      const [x, y] = [(points[at] - left) * size, (points[at + 1] - top) * size];
      const fine = Math.abs(x - lastX) < FINE_PX && Math.abs(y - lastY) < FINE_PX;
      if (fine && at + 2 < points.length) continue;
      if (at) pen.lineTo(x, y);
      else pen.moveTo(x, y);
      [lastX, lastY] = [x, y];
    }
  }
}
