// A map on a plain canvas, for browsers without WebGL: it draws the same style, and has of MapLibre's Map what MapView asks.

import { Camera, mercator } from "./camera.js";
import { el } from "./dom.js";
import { gestures } from "./gestures.js";
import { PlainLayer } from "./plainlayers.js";
import { PlainSource } from "./plainsource.js";

const CORNERS = ["top-right", "bottom-left"];
const lonLat = (center) => (Array.isArray(center) ? center : [center.lng, center.lat]);

export class PlainMap {
  #heard = new Map();
  #images = new Map();
  #frame = null;
  #zoom = null; // that was drawn last
  #ended = new AbortController();

  constructor({ container, style, locale, ...view }) {
    this.node = container;
    this.camera = new Camera(view);
    this.canvas = el("canvas", { class: "maplibregl-canvas", tabindex: "0", role: "region", "aria-label": locale["Map.Title"] });
    [this.pen, this.ratio] = [this.canvas.getContext("2d"), window.devicePixelRatio];
    this.corners = Object.fromEntries(CORNERS.map((name) => [name, el("div", { class: `maplibregl-ctrl-${name}` })]));
    container.classList.add("maplibregl-map");
    container.append(
      el("div", { class: "maplibregl-canvas-container maplibregl-interactive maplibregl-touch-zoom-rotate maplibregl-touch-drag-pan" }, this.canvas),
      el("div", { class: "maplibregl-control-container" }, Object.values(this.corners)),
    );
    const hears = { began: () => this.fire("dataloading"), ended: (error) => (error && this.fire("error", { error }), this.redraw()) };
    this.sources = Object.fromEntries(Object.entries(style.sources).map(([name, options]) => [name, new PlainSource(name, options, hears)]));
    this.layers = style.layers.map((layer) => new PlainLayer(layer, this.sources));
    this.isMoving = gestures(this, this.canvas);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(container);
    this.resize();
    this.#watchDensity();
    queueMicrotask(() => this.fire("load"));
  }

  on(name, hear) {
    this.#heard.set(name, [...(this.#heard.get(name) || []), hear]);
  }

  off(name, hear) {
    this.#heard.set(name, (this.#heard.get(name) || []).filter((other) => other !== hear));
  }

  once(name, hear) {
    const once = (event) => (this.off(name, once), hear(event));
    this.on(name, once);
  }

  fire(name, event = {}) {
    for (const hear of this.#heard.get(name) || []) hear(event);
  }

  addControl(control, corner) {
    this.corners[corner].append(control.onAdd(this));
  }

  getContainer() {
    return this.node;
  }

  getSource(name) {
    return this.sources[name];
  }

  /** Change what the camera shows. */
  change(work) {
    work(this.camera);
    this.fire("move");
    this.redraw();
  }

  resize() {
    this.change((camera) => camera.resize(this.node.clientWidth, this.node.clientHeight));
  }

  /** Draw again where pixels get another size, as on another screen or by the browser's zoom. */
  #watchDensity() {
    const now = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const changed = () => (this.redraw(), this.#watchDensity());
    now.addEventListener("change", changed, { once: true, signal: this.#ended.signal });
  }

  /** Draw no more, whatever is still to come, and give the pixels back. */
  remove() {
    this.#ended.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.#frame);
    [this.canvas.width, this.canvas.height] = [0, 0];
    this.node.replaceChildren();
    this.node.classList.remove("maplibregl-map");
  }

  getCenter() {
    return this.camera.center();
  }

  getZoom() {
    return this.camera.zoom;
  }

  project(place) {
    return this.camera.at(mercator(place));
  }

  zoomBy(by) {
    const { width, height, zoom } = this.camera;
    this.change((camera) => camera.zoomAround({ x: width / 2, y: height / 2 }, zoom + by));
  }

  jumpTo({ center, zoom }) {
    this.change((camera) => camera.look(mercator(lonLat(center)), zoom));
  }

  /** Bring a place to the middle, or some pixels from it; at once, since machines without WebGL are slow. */
  easeTo({ center, zoom, offset: [right, down] }) {
    this.change((camera) => {
      camera.look(mercator(lonLat(center)), zoom);
      camera.move(-right, -down);
    });
  }

  fitBounds(bounds, { padding }) {
    const sides = typeof padding === "number" ? { top: padding, left: padding, right: padding, bottom: padding } : padding;
    this.resize();
    this.change((camera) => camera.fit(bounds, sides));
  }

  hasImage(id) {
    return this.#images.has(id);
  }

  addImage(id, data, { pixelRatio }) {
    const sheet = new OffscreenCanvas(data.width, data.height);
    sheet.getContext("2d").putImageData(data, 0, 0);
    this.#images.set(id, { sheet: sheet.transferToImageBitmap(), width: data.width / pixelRatio, height: data.height / pixelRatio });
  }

  #image(id) {
    if (!this.hasImage(id)) this.fire("styleimagemissing", { id });
    return this.#images.get(id);
  }

  setPaintProperty(id, name, value) {
    this.#layer(id).set(name, value);
    this.redraw();
  }

  setLayoutProperty(...change) {
    this.setPaintProperty(...change);
  }

  setLayerZoomRange(id, minzoom) {
    this.#layer(id).minzoom = minzoom;
    this.redraw();
  }

  #layer(id) {
    return this.layers.find((layer) => layer.id === id);
  }

  /** Return what is drawn at a point or in a box on the canvas, what lies above first. */
  queryRenderedFeatures(where, { layers }) {
    const [from, to] = Array.isArray(where) ? where : [where, where].map(({ x, y }) => [x, y]);
    const asked = this.layers.filter(({ id }) => layers.includes(id)).reverse();
    return asked.flatMap((layer) => layer.under([...from, ...to], this.#sheet()));
  }

  #sheet() {
    return { pen: this.pen, camera: this.camera, ratio: this.ratio, image: (id) => this.#image(id), taken: [] };
  }

  /** Draw with the next frame, once however much changed. */
  redraw() {
    if (this.#ended.signal.aborted) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
      if (this.camera.zoom !== this.#zoom) this.fire("zoomend");
      this.#zoom = this.camera.zoom;
      if (!Object.values(this.sources).some(({ waits }) => waits)) this.fire("idle");
    });
  }

  #draw() {
    const { camera, canvas, pen } = this;
    this.ratio = window.devicePixelRatio;
    const size = [camera.width, camera.height].map((length) => Math.round(length * this.ratio));
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    [canvas.style.width, canvas.style.height] = [`${camera.width}px`, `${camera.height}px`];
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const [shown, sheet] = [this.layers.filter((layer) => layer.shown(camera)), this.#sheet()];
    for (const layer of [...shown].reverse()) layer.place(sheet);
    for (const layer of shown) layer.draw(sheet);
  }
}
