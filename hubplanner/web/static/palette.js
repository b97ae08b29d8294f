// The map's colours, from the design tokens that the report shares: blue is covered, sand is not, lightness says how much.

const CLASSES = [1, 2, 3, 4, 5];
const known = new Map();

/** Return the colours of a theme, read once while it is the page's. */
export function palette(theme) {
  if (!known.has(theme)) known.set(theme, read());
  return known.get(theme);
}

function read() {
  const tokens = window.getComputedStyle(document.documentElement);
  const color = (name) => tokens.getPropertyValue(`--hp-${name}`).trim();
  const ramp = (name) => CLASSES.map((part) => color(`${name}-${part}`));
  return {
    ground: color("map"),
    not: ramp("not"),
    partly: ramp("partly"),
    covered: ramp("covered"),
    seam: color("seam"),
    water: color("water-edge"),
    road: color("road"),
    faint: `${color("seam")}4d`,
    reach: color("reach-edge"),
    hub: color("hub"),
    edge: color("hub-rim"),
    site: color("quiet"),
    ink: color("ink"),
    halo: color("hub-rim"),
    more: color("covered-3"),
    less: color("warn"),
    same: color("not-2"),
  };
}

/** From this share on an area counts as covered, from that as partly; as on the printed maps. */
export const HALF = 0.5;
export const SOME = 0.1;
