// What stands beside a map, and what holds two maps together.

import { el, svg } from "./dom.js";
import { _ } from "./words.js";

const GROUP = "maplibregl-ctrl maplibregl-ctrl-group";

/** A button beside zoom that shows the whole region again. */
export class Whole {
  constructor(show) {
    this.show = show;
  }

  onAdd() {
    const frame = svg(
      "svg",
      { viewBox: "0 0 24 24", "aria-hidden": "true" },
      svg("path", { d: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5" }),
    );
    const button = el(
      "button",
      { type: "button", class: "icon", "aria-label": _("Show everything"), title: _("Show everything"), onclick: this.show },
      frame,
    );
    this.box = el("div", { class: GROUP }, button);
    return this.box;
  }

  onRemove() {
    this.box.remove();
  }
}

/** A plain map's buttons to zoom, as MapLibre's. */
export class Zoom {
  constructor(locale) {
    this.locale = locale;
  }

  onAdd(map) {
    const button = (way, by) => {
      const name = this.locale[`NavigationControl.Zoom${way}`];
      const look = `maplibregl-ctrl-zoom-${way.toLowerCase()}`;
      const picture = el("span", { class: "maplibregl-ctrl-icon", "aria-hidden": "true" });
      return el("button", { type: "button", class: look, "aria-label": name, title: name, onclick: () => map.zoomBy(by) }, picture);
    };
    return el("div", { class: GROUP }, button("In", 1), button("Out", -1));
  }
}

export const WIDEST_PX = 90;
const METRES = 2 * Math.PI * 6371008.8; // around the equator

/** A plain map's scale: the roundest length that a bar of at most so many pixels is. */
export class Scale {
  onAdd(map) {
    const bar = el("div", { class: "maplibregl-ctrl maplibregl-ctrl-scale" });
    const draw = () => {
      const { size } = map.camera;
      const pixel = (METRES * Math.cos((map.getCenter().lat * Math.PI) / 180)) / size;
      const power = 10 ** Math.floor(Math.log10(WIDEST_PX * pixel));
      const length = power * [5, 3, 2, 1].find((times) => times * power <= WIDEST_PX * pixel);
      bar.textContent = length < 1000 ? `${length}\u00a0m` : `${length / 1000}\u00a0km`;
      bar.style.setProperty("width", `${length / pixel}px`);
    };
    map.on("move", draw);
    draw();
    return bar;
  }
}

/** By how much the panel lies over a map, as it does on narrow screens. */
export function beneath(node) {
  const [map, panel] = [node, document.getElementById("panel")].map((one) => one.getBoundingClientRect());
  return panel.left < map.right && panel.right > map.left ? Math.max(0, map.bottom - panel.top) : 0;
}

/** Move several maps as one; returns how to part them. */
export function together(views) {
  let leading = null;
  const movers = views.map((view) => () => {
    if (leading && leading !== view) return;
    leading = view;
    const [center, zoom] = [view.map.getCenter(), view.map.getZoom()];
    for (const other of views) if (other !== view) other.map.jumpTo({ center, zoom });
    leading = null;
  });
  views.forEach((view, at) => view.map.on("move", movers[at]));
  return () => views.forEach((view, at) => view.map.off("move", movers[at]));
}
