// Pictures for the map, drawn on a canvas when the map first asks for one: no sprite and no font is fetched.

import { palette } from "./palette.js";

const RATIO = 2;
export const SHAPES = ["circle", "square", "diamond", "triangle", "hexagon", "star"];

/** Return which shape stands for a tier. */
export const shapeOf = (number) => SHAPES[number % SHAPES.length];

/** Draw what an id asks for: `hub|SHAPE|COUNT|STATUS|THEME`, `required|THEME`, `excluded|THEME`, `label|THEME|TEXT`, `town|THEME|TEXT`. */
export function drawIcon(id) {
  const [kind, ...rest] = id.split("|");
  if (kind === "hub") return hub(rest[0], Number(rest[1]) || 1, rest[2] === "existing", palette(rest[3]));
  if (kind === "label") return label(rest.slice(1).join("|"), palette(rest[0]));
  if (kind === "town") return label(rest.slice(1).join("|"), palette(rest[0]), "400 11px", "site");
  return mark(kind, palette(rest[0]));
}

function canvas(width, height) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [Math.ceil(width * RATIO), Math.ceil(height * RATIO)];
  const pen = sheet.getContext("2d", { willReadFrequently: true });
  pen.scale(RATIO, RATIO);
  return pen;
}

function picture(pen) {
  return { data: pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height), ratio: RATIO };
}

function corners(shape, radius) {
  const ring = (number, turn, radii = [radius]) =>
    Array.from({ length: number }, (_, at) => {
      const angle = turn + (at * 2 * Math.PI) / number;
      return [Math.cos(angle) * radii[at % radii.length], Math.sin(angle) * radii[at % radii.length]];
    });
  const up = -Math.PI / 2;
  const kinds = {
    square: () => ring(4, Math.PI / 4, [radius * 1.2]),
    diamond: () => ring(4, up, [radius * 1.2]),
    triangle: () => ring(3, up, [radius * 1.25]),
    hexagon: () => ring(6, up, [radius * 1.1]),
    star: () => ring(10, up, [radius * 1.3, radius * 0.65]),
  };
  return kinds[shape]();
}

/** Trace a tier's shape about the origin. */
export function trace(pen, shape, radius) {
  pen.beginPath();
  if (shape === "circle") pen.arc(0, 0, radius, 0, 2 * Math.PI);
  else corners(shape, radius).forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

function hub(shape, number, standing, colors) {
  const radius = number > 1 ? 9 : 7;
  const size = radius * 3;
  const pen = canvas(size, size);
  pen.translate(size / 2, size / 2);
  trace(pen, shape, radius);
  [pen.fillStyle, pen.strokeStyle, pen.lineWidth, pen.lineJoin] = [
    standing ? colors.ink : colors.hub,
    colors.edge,
    2,
    "round",
  ];
  pen.stroke();
  pen.fill();
  if (number > 1) {
    [pen.fillStyle, pen.font, pen.textAlign, pen.textBaseline] = [
      colors.edge,
      "700 11px system-ui, sans-serif",
      "center",
      "middle",
    ];
    pen.fillText(String(number), 0, 0.5);
  }
  return picture(pen);
}

/** A pin is a ring with a point below, a ban a barred ring: told apart by form, not by colour. */
function mark(kind, colors) {
  const size = 34;
  const pen = canvas(size, size);
  pen.translate(size / 2, size / 2);
  pen.beginPath();
  pen.arc(0, 0, 11, 0, 2 * Math.PI);
  if (kind === "excluded") (pen.moveTo(-7.8, -7.8), pen.lineTo(7.8, 7.8));
  [pen.lineCap, pen.strokeStyle, pen.lineWidth] = ["round", colors.halo, 6];
  pen.stroke();
  [pen.strokeStyle, pen.lineWidth] = [colors.ink, 3];
  pen.stroke();
  if (kind === "required") pinhead(pen, colors);
  return picture(pen);
}

function pinhead(pen, colors) {
  pen.beginPath();
  (pen.moveTo(-5, 11), pen.lineTo(5, 11), pen.lineTo(0, 17));
  pen.closePath();
  pen.fillStyle = colors.ink;
  pen.fill();
}

function label(text, colors, weight = "600 12px", ink = "ink") {
  const font = `${weight} system-ui, 'Noto Sans', 'Noto Naskh Arabic', sans-serif`;
  const ruler = canvas(1, 1);
  ruler.font = font;
  const pen = canvas(Math.min(ruler.measureText(text).width, 260) + 6, 20);
  [pen.font, pen.textBaseline, pen.lineJoin] = [font, "middle", "round"];
  [pen.strokeStyle, pen.lineWidth, pen.fillStyle] = [colors.halo, 3.5, colors[ink]];
  pen.strokeText(text, 3, 10, 260);
  pen.fillText(text, 3, 10, 260);
  return picture(pen);
}
