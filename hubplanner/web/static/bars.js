// Shares of groups as bars.

import { el, named } from "./dom.js";
import { share } from "./format.js";
import { state } from "./store.js";

/** Return a plan's groups as bars on one scale, with a tick where a floor is asked. */
export function bars(plan) {
  const { scenario } = state;
  const floor = (group, value) =>
    (scenario ? scenario.floors : []).find((rule) => rule.group === group && (!rule.value || rule.value === value));
  const told = Object.entries(plan.groups || {}).filter(([, values]) => Object.keys(values).length <= 40);
  const asked = (group, name) => floor(group, name)?.share ?? 0;
  // One scale for all bars: a half and a whole of two tables differ to the eye as well.
  const top = Math.max(
    ...told.flatMap(([group, values]) =>
      Object.entries(values).map(([name, row]) => Math.max(row.share, asked(group, name))),
    ),
    1e-9,
  );
  return told.map(([group, values]) => {
    const rows = Object.entries(values).sort(([, a], [, b]) => b.share - a.share);
    return el(
      "table",
      { class: "bars" },
      el("caption", {}, `Reached, by ${group.replaceAll("_", " ")}`),
      el(
        "tbody",
        {},
        rows.map(([name, row]) => bar(name, row, top, floor(group, name))),
      ),
    );
  });
}

function bar(name, { share: part, need }, top, floor) {
  const meter = el("span", { class: "bar", title: floor ? `at least ${share(floor.share)} asked` : null });
  meter.style.setProperty("--part", `${(100 * part) / top}%`);
  if (floor) {
    meter.classList.add("floored");
    meter.style.setProperty("--floor", `${(100 * floor.share) / top}%`);
  }
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, named(name)),
    el("td", { "aria-hidden": "true" }, meter),
    el("td", { class: "number" }, need === 0 ? "no need" : share(part)),
  );
}
