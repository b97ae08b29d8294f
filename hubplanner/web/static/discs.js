// Layers of discs on a plain map: one with a rim is drawn once, and put down as a picture wherever it looks the same.

const BESIDE_PX = 30; // a point so far outside may still reach in
const MOST = 2000;
const STEP = 8; // radii to an eighth of a pixel
const known = new Map();

/** Discs without a rim, of which there are most, are drawn at once by their ink: three times faster than each by itself. */
export const circle = {
  draw(layer, { pen, camera, ratio }) {
    const inks = new Map();
    for (const [disc, x, y] of discs(layer, camera, [0, 0, camera.width, camera.height], ratio)) {
      if (disc.sheet) pen.drawImage(disc.sheet, x - disc.half, y - disc.half, 2 * disc.half, 2 * disc.half);
      else if (inks.has(disc.ink)) inks.get(disc.ink).push([x, y, disc]);
      else inks.set(disc.ink, [[x, y, disc]]);
    }
    for (const all of inks.values()) {
      [pen.fillStyle, pen.globalAlpha] = all[0][2].inside;
      pen.beginPath();
      for (const [x, y, { reach }] of all) {
        pen.moveTo(x + reach, y);
        pen.arc(x, y, reach, 0, 2 * Math.PI);
      }
      pen.fill();
    }
  },
  under(layer, box, { camera, ratio }) {
    const [left, top, right, bottom] = box;
    return [...discs(layer, camera, box, ratio)]
      .filter(([disc, x, y]) => Math.hypot(x - Math.min(Math.max(x, left), right), y - Math.min(Math.max(y, top), bottom)) <= disc.reach)
      .map(([, , , feature]) => feature);
  },
};

/** Yield the points in and close to a box with their discs, which are looked for anew only once something changed. */
function* discs(layer, camera, [left, top, right, bottom], ratio) {
  const all = layer.features(camera);
  if (layer.drawn?.all !== all || layer.drawn.zoom !== camera.zoom || layer.drawn.ratio !== ratio)
    layer.drawn = { all, zoom: camera.zoom, ratio, discs: [] };
  const { discs: known } = layer.drawn;
  for (let at = 0; at < all.length; at += 1) {
    const feature = all[at];
    const [x, y] = [(feature.x - camera.left) * camera.size, (feature.y - camera.top) * camera.size];
    if (x < left - BESIDE_PX || x > right + BESIDE_PX || y < top - BESIDE_PX || y > bottom + BESIDE_PX) continue;
    known[at] ??= discOf((name) => layer.value(`circle-${name}`, feature, camera.zoom), ratio);
    yield [known[at], x, y, feature];
  }
}

/** Return a disc's reach with its picture, or without a rim its ink; `value` gives its radius, color, opacity and stroke-*. */
function discOf(value, ratio) {
  const [reach, rim, inside] = [value("radius"), value("stroke-width"), [value("color"), value("opacity")]];
  if (!rim) return { reach, ink: inside.join("|"), inside };
  const [radius, around] = [Math.round(reach * STEP) / STEP, [value("stroke-color"), value("stroke-opacity")]];
  const key = [radius, rim, ratio, ...inside, ...around].join("|");
  if (!known.has(key)) {
    if (known.size >= MOST) known.clear();
    known.set(key, pictured(radius, rim, [inside, around], ratio));
  }
  return known.get(key);
}

function pictured(radius, rim, [inside, around], ratio) {
  const pixels = 2 * Math.ceil((radius + rim) * ratio + 1);
  const sheet = new OffscreenCanvas(pixels, pixels);
  const pen = sheet.getContext("2d");
  pen.scale(ratio, ratio);
  pen.translate(pixels / 2 / ratio, pixels / 2 / ratio);
  const arc = (length) => {
    pen.beginPath();
    pen.arc(0, 0, length, 0, 2 * Math.PI);
  };
  arc(radius);
  [pen.fillStyle, pen.globalAlpha] = inside;
  pen.fill();
  arc(radius + rim / 2);
  [pen.strokeStyle, pen.globalAlpha] = around;
  pen.lineWidth = rim;
  pen.stroke();
  return { sheet: sheet.transferToImageBitmap(), half: pixels / 2 / ratio, reach: radius + rim };
}
