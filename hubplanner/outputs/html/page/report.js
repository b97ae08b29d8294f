"use strict";
// Layers, zoom and tiers of the map, and tables that sort; without this script all is there to read.
(() => {
  const all = (words, from = document) => [...from.querySelectorAll(words)];

  for (const table of all("table.sortable")) {
    const body = table.tBodies[0];
    all("thead button", table).forEach((button, column) => {
      button.addEventListener("click", () => {
        const head = button.closest("th");
        const number = head.classList.contains("number");
        const before = head.getAttribute("aria-sort");
        const sense = before ? (before === "ascending" ? -1 : 1) : number ? -1 : 1;
        all("th", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", sense > 0 ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.key;
        const value = (text) => (text === "-inf" ? -Infinity : Number(text));
        const compare = number
          ? (a, b) => value(key(a)) - value(key(b)) || 0
          : (a, b) => key(a).localeCompare(key(b));
        body.append(...[...body.rows].sort((a, b) => sense * compare(a, b)));
      });
    });
  }

  const map = document.getElementById("map-picture");
  const figure = map.closest("figure");
  all(".layers", figure).forEach((field) => { field.hidden = false; });
  for (const box of all("input[data-layer]", figure)) {
    const apply = () => all(`[data-of="${box.dataset.layer}"]`, map).forEach((layer) => {
      if (box.checked) layer.removeAttribute("display"); else layer.setAttribute("display", "none");
    });
    box.addEventListener("change", apply);
    apply();
  }
  const tiers = all("button[data-tier]", figure);
  for (const button of tiers) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      tiers.forEach((other) => other.setAttribute("aria-pressed", String(on && other === button)));
      all(".hub[data-tier]", map).forEach((hub) => {
        hub.classList.toggle("away", on && hub.dataset.tier !== button.dataset.tier);
      });
    });
  }

  const readout = figure.querySelector(".readout");
  map.addEventListener("pointermove", (event) => {
    const title = event.target.closest("[data-tier], .area")?.querySelector("title");
    readout.textContent = title ? title.textContent : "";
  });
  map.addEventListener("pointerleave", () => { readout.textContent = ""; });

  const whole = map.viewBox.baseVal;
  const home = [whole.x, whole.y, whole.width, whole.height];
  let view = [...home];
  const limit = (low, value, high) => Math.max(low, Math.min(value, high));
  const look = (x, y, wide) => {
    const width = limit(home[2] / 16, wide, home[2]);
    const height = width * home[3] / home[2];
    view = [limit(0, x, home[2] - width), limit(0, y, home[3] - height), width, height];
    map.setAttribute("viewBox", view.map((part) => part.toFixed(2)).join(" "));
    const part = Math.sqrt(width / home[2]);
    for (const hub of all(".hub[data-tier]", map)) {
      hub.dataset.place ??= hub.getAttribute("transform");
      const [, where, size] = hub.dataset.place.match(/^(.*) scale\((.*)\)$/);
      hub.setAttribute("transform", `${where} scale(${(size * part).toFixed(3)})`);
    }
    map.setAttribute("font-size", (13 * part).toFixed(2));
    map.classList.toggle("near", width < home[2]);
    map.classList.toggle("close", width < home[2] / 4);
  };
  const zoom = (factor) => look(view[0] + view[2] * (1 - factor) / 2, view[1] + view[3] * (1 - factor) / 2, view[2] * factor);
  const steps = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), all: () => look(...home) };
  for (const button of all("[data-zoom]", figure)) button.addEventListener("click", () => steps[button.dataset.zoom]());
  let held = null;
  map.addEventListener("pointerdown", (event) => {
    if (view[2] < home[2] && event.isPrimary) { held = [event.clientX, event.clientY, view[0], view[1]]; map.setPointerCapture(event.pointerId); }
  });
  map.addEventListener("pointermove", (event) => {
    if (!held) return;
    const per = view[2] / map.getBoundingClientRect().width;
    look(held[2] - (event.clientX - held[0]) * per, held[3] - (event.clientY - held[1]) * per, view[2]);
  });
  for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => { held = null; });
  let opened = [];
  addEventListener("beforeprint", () => {
    look(...home);
    opened = all("#money details, #who details, #frontier details, #comparison details, #proof details").filter((part) => !part.open);
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
})();
