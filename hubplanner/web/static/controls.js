// What stands beside a map, and what holds two maps together.

import { el, svg } from "./dom.js";
import { _ } from "./words.js";

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
    this.box = el("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, button);
    return this.box;
  }

  onRemove() {
    this.box.remove();
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
