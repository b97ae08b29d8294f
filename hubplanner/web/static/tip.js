// The small note beside the pointer. What it says is also in lists and tables, so screen readers skip it.

import { byId, el, named, show } from "./dom.js";
import { share, words } from "./format.js";
import { MANY } from "./layers.js";
import { _, ngettext } from "./words.js";

let waiting = null;

/** Say what lies under the pointer, once a frame, and not at all where there are too many points to ask. */
export function point(view, at, number) {
  cancelAnimationFrame(waiting);
  if (!at || number > MANY || view.map.isMoving()) {
    byId("tip").hidden = true;
    return;
  }
  waiting = requestAnimationFrame(() => tell(view, at));
}

function tell(view, at) {
  const place = view.placeAt(at);
  const tip = byId("tip");
  tip.hidden = !place;
  if (!place) return;
  const part = place.covered_share;
  show(
    tip,
    named(place.name || place.demand_id || ngettext("{n} place", "{n} places", place.point_count, { n: words(place.point_count) }), "strong"),
    el("span", {}, _("{people} not yet online", { people: words(place.need) })),
    part === undefined ? null : el("span", {}, _("{share} of them reached", { share: share(part) })),
  );
  const [box, frame] = [view.map.getContainer().getBoundingClientRect(), byId("maps").getBoundingClientRect()];
  const [x, y] = [box.left - frame.left + at.x, box.top - frame.top + at.y];
  tip.style.setProperty(
    "transform",
    `translate(${Math.min(x + 14, frame.width - 220)}px, ${Math.min(y + 14, frame.height - 80)}px)`,
  );
}
