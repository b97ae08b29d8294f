// What draws a map: MapLibre, or where it cannot, a plain canvas.

import { Scale, WIDEST_PX, Zoom } from "./controls.js";
import { PlainMap } from "./plainmap.js";

/** Return a map of the options' style, or with MapLibre over a base map, and whether it is a plain one. */
export function makeMap(options, base) {
  const found = window.maplibregl && byLibrary(window.maplibregl, options, base);
  if (found) return { map: found, plain: false };
  const map = new PlainMap(options);
  map.addControl(new Zoom(options.locale), "top-right");
  map.addControl(new Scale(), "bottom-left");
  return { map, plain: true };
}

/** Return MapLibre's map, or null where it finds no WebGL after all, as where too many pages use it. */
function byLibrary({ Map: Drawn, NavigationControl, ScaleControl, AttributionControl }, options, base) {
  let map;
  try {
    map = new Drawn(base ? { ...options, style: base } : options);
  } catch (failure) {
    console.warn(failure);
    options.container.replaceChildren();
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: WIDEST_PX }), "bottom-left");
  if (base) map.addControl(new AttributionControl({ compact: true }));
  return map;
}
