// Which part of Mercator's map a canvas shows; the whole of it is a square from 0 to 1.

const TILE = 512;
const BESIDE_PX = 2; // half a line's width, and its rounding
const radians = Math.PI / 180;

/** Return where a place lies in the square. */
export function mercator([lon, lat]) {
  const bound = Math.min(Math.max(lat, -85.051129), 85.051129);
  return [lon / 360 + 0.5, 0.5 - Math.log(Math.tan(Math.PI / 4 + (bound * radians) / 2)) / (2 * Math.PI)];
}

function unprojected([x, y]) {
  return { lng: (x - 0.5) * 360, lat: (2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2) / radians };
}

/** Return how many pixels wide the square is. */
export const sizeAt = (zoom) => TILE * 2 ** zoom;

const within = (value, least, most) => Math.min(Math.max(value, least), most);

export class Camera {
  constructor({ center, zoom, maxZoom }) {
    Object.assign(this, { width: 1, height: 1, maxZoom });
    this.look(mercator(center), zoom);
  }

  /** Look at a point of the square, without leaving it where it is larger than what is shown. */
  look([x, y], zoom) {
    this.zoom = within(zoom, 0, this.maxZoom);
    this.size = sizeAt(this.zoom);
    const [wide, high] = [this.width, this.height].map((length) => Math.min(0.5, length / 2 / this.size));
    [this.x, this.y] = [within(x, wide, 1 - wide), within(y, high, 1 - high)];
    [this.left, this.top] = [this.x - this.width / 2 / this.size, this.y - this.height / 2 / this.size];
  }

  resize(width, height) {
    Object.assign(this, { width, height });
    this.look([this.x, this.y], this.zoom);
  }

  /** Return where on the canvas a point of the square is. */
  at([x, y]) {
    return { x: (x - this.left) * this.size, y: (y - this.top) * this.size };
  }

  /** Return which point of the square is at a place on the canvas. */
  under({ x, y }) {
    return [this.left + x / this.size, this.top + y / this.size];
  }

  center() {
    return unprojected([this.x, this.y]);
  }

  /** Tell whether a feature that has a box, [left, top, right, bottom], is in part shown, or close to it. */
  sees({ box }) {
    if (!box) return false;
    const more = BESIDE_PX / this.size;
    const [right, bottom] = [this.left + this.width / this.size, this.top + this.height / this.size];
    return box[2] >= this.left - more && box[0] <= right + more && box[3] >= this.top - more && box[1] <= bottom + more;
  }

  move(east, south) {
    this.look([this.x + east / this.size, this.y + south / this.size], this.zoom);
  }

  /** Zoom so that what is at a place on the canvas stays there. */
  zoomAround(at, zoom) {
    const fixed = this.under(at);
    this.look([this.x, this.y], zoom);
    const now = this.at(fixed);
    this.move(now.x - at.x, now.y - at.y);
  }

  /** Show a box of places as large as space within `padding` allows. */
  fit([west, south, east, north], { top, left, right, bottom }) {
    const [[least, low], [most, high]] = [mercator([west, south]), mercator([east, north])];
    const [across, along] = [Math.max(most - least, 1e-12), Math.max(low - high, 1e-12)];
    const sizes = [Math.max(1, this.width - left - right) / across, Math.max(1, this.height - top - bottom) / along];
    this.look([this.x, this.y], Math.log2(Math.min(...sizes) / TILE));
    this.look([(least + most + (right - left) / this.size) / 2, (low + high + (bottom - top) / this.size) / 2], this.zoom);
  }
}
