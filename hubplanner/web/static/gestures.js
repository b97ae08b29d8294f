// How a plain map is moved, with the pointer, fingers or keys, as MapLibre's is.

const CLICK_PX = 3; // a click may shake by less
const STEP_PX = 100;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = { "+": 1, "=": 1, "-": -1, _: -1 };
const WHEEL_PX = { 0: 1, 1: 40, 2: 400 }; // of a pixel, a line, a page
const ZOOM_PX = 300; // of the wheel for twice as large, and with the key that a trackpad's pinch sends:
const PINCH_PX = 100;

/** Let a canvas move its map; returns a function that tells whether it is being dragged. */
export function gestures(map, canvas) {
  const down = new Map();
  let [begun, dragged] = [null, false];
  const at = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const heard = (name, work, options) => canvas.addEventListener(name, work, options);
  heard("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    if (!down.size) [begun, dragged] = [at(event), false];
    down.set(event.pointerId, at(event));
  });
  heard("pointermove", (event) => {
    const [before, now] = [down.get(event.pointerId), at(event)];
    if (!before) return;
    dragged ||= Math.hypot(now.x - begun.x, now.y - begun.y) >= CLICK_PX;
    if (!dragged) return;
    down.set(event.pointerId, now);
    const share = 1 / down.size; // each of two fingers moves the map by half
    map.change((camera) => camera.move((before.x - now.x) * share, (before.y - now.y) * share));
    if (down.size === 2) pinch(before, now, [...down].find(([id]) => id !== event.pointerId)[1]);
  });
  const pinch = (before, now, other) => {
    const apart = (one) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    zoom(middle, Math.log2(apart(now) / apart(before)));
  };
  const zoom = (around, by) => map.change((camera) => camera.zoomAround(around, camera.zoom + by));
  for (const name of ["pointerup", "pointercancel"]) heard(name, ({ pointerId }) => down.delete(pointerId));
  heard("click", (event) => dragged || map.fire("click", { point: at(event) }));
  heard("dblclick", (event) => zoom(at(event), event.shiftKey ? -1 : 1));
  heard("mousemove", (event) => map.fire("mousemove", { point: at(event) }));
  heard("mouseout", () => map.fire("mouseout"));
  heard(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * WHEEL_PX[event.deltaMode];
      zoom(at(event), Math.min(1, Math.max(-1, -pixels / (event.ctrlKey ? PINCH_PX : ZOOM_PX))));
    },
    { passive: false },
  );
  heard("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { key, shiftKey } = event;
    if (KEYS[key]) map.zoomBy(KEYS[key] * (shiftKey ? 2 : 1));
    else if (ARROWS[key] && !shiftKey) map.change((camera) => camera.move(...ARROWS[key].map((part) => part * STEP_PX)));
    else return;
    event.preventDefault();
  });
  return () => dragged && down.size > 0;
}
