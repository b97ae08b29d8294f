// The quick facts of a site: whom a hub there would reach, what it costs, and which hubs are near.

import { el, hidden, named } from "./dom.js";
import { figures, plain, share, short, words } from "./format.js";
import { outlookNow } from "./outlook.js";
import { siteName, state } from "./store.js";
import { _, ngettext } from "./words.js";

const EARTH_KM = 6371.0088;
const NEAR = 2;

/** Return what is known of a site at once; of a hub that stands here or is planned, its own size alone. */
export function facts(site, hubs) {
  const tiers = outlookNow()?.sites[site.site_id] || [];
  const shown = hubs.length ? tiers.filter(({ tier }) => hubs.some((hub) => hub.tier === tier)) : tiers;
  return [shown.length ? sizes(shown) : null, near(nearest(site))];
}

function sizes(shown) {
  const head = ["", _("In reach"), _("Offline"), _("Cost"), _("Seats")].map((text, at) =>
    at ? el("th", { scope: "col", class: "number" }, text) : el("th", { scope: "col" }, hidden(_("Size of hub"))),
  );
  const row = ({ tier, people, offline, cost, seats }) =>
    el(
      "tr",
      {},
      named(tier, "th", { scope: "row" }),
      [words(people), people ? share(offline / people) : "–", cost ? short(cost) : "–", seats === null ? "–" : plain(seats)].map((text) =>
        el("td", { class: "number" }, text),
      ),
    );
  const told = _("People whom a hub here would reach, and what it takes.");
  const { currency } = state.scenario;
  return el(
    "table",
    { class: "list", id: "site-facts" },
    el("caption", {}, hidden(currency ? [told, _("Cost in {currency}.", { currency })].join(" ") : told)),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, shown.map(row)),
  );
}

function near(hubs) {
  if (!hubs.length) return null;
  const told = hubs.map(({ id, km }, at) => [at ? "; " : "", named(siteName(id)), ` ${figures(km)}\u00a0km`]);
  return el("p", { class: "note", id: "site-near" }, ngettext("Nearest hub:", "Nearest hubs:", hubs.length), " ", told);
}

/** The nearest hubs of the plan on the map, or that stand already, in a straight line. */
function nearest({ site_id: id }) {
  const open = new Set(state.plan ? state.plan.hubs.map((hub) => hub.site_id) : standing());
  const places = state.map.sites.features;
  const own = places.find(({ properties }) => properties.site_id === id).geometry.coordinates;
  return places
    .filter(({ properties }) => open.has(properties.site_id) && properties.site_id !== id)
    .map(({ properties, geometry }) => ({ id: properties.site_id, km: between(own, geometry.coordinates) }))
    .sort((one, other) => one.km - other.km)
    .slice(0, NEAR);
}

const standing = () =>
  state.map.sites.features.map(({ properties }) => properties).filter(({ status }) => status === "existing").map(({ site_id: id }) => id);

/** The haversine in km between two places in degrees. */
function between([x1, y1], [x2, y2]) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half = (a, b) => Math.sin(radians(b - a) / 2) ** 2;
  const part = half(y1, y2) + Math.cos(radians(y1)) * Math.cos(radians(y2)) * half(x1, x2);
  return 2 * EARTH_KM * Math.asin(Math.sqrt(part));
}
