// What was found in an uploaded file: its faults by row, or its first rows and columns.

import { byId, el } from "./dom.js";
import { _, ngettext } from "./words.js";


const FIELDS = {
  demand: [
    ["id", _("Id"), /^(demand_)?id$|code/i],
    ["x", _("Longitude (x)"), /^(x|lon|lng|long|longitude)$/i],
    ["y", _("Latitude (y)"), /^(y|lat|latitude)$/i],
    ["people", _("People"), /people|population|pop/i],
    ["connected_share", _("Share online"), /internet|connected|online/i],
  ],
  sites: [
    ["id", _("Id"), /^(site_)?id$|code/i],
    ["x", _("Longitude (x)"), /^(x|lon|lng|long|longitude)$/i],
    ["y", _("Latitude (y)"), /^(y|lat|latitude)$/i],
  ],
};
const MOST_FAULTS = 100;
const ROWS = 3;

/** Show what is wrong with a file, by row. */
export function bad({ message, faults = [] }) {
  const head = [_("Row"), _("Column"), _("Found"), _("Allowed")].map((text) => el("th", { scope: "col" }, text));
  const rows = faults.slice(0, MOST_FAULTS).map((fault) => {
    const where = fault.row ?? fault.where ?? "";
    const told = fault.allowed
      ? [fault.column ?? "", fault.value ?? "", fault.allowed]
      : [fault.column ?? "", fault.value ?? "", fault.text ?? ""];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, String(where)),
      told.map((text) => el("td", { dir: "auto" }, String(text))),
    );
  });
  const table = el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": _("Faults by row") },
    el("table", { class: "list faults" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
  const summary = faults.length ? ngettext("{n} fault to put right in this file:", "{n} faults to put right in this file:", faults.length) : message;
  return [el("p", { class: "fault", role: "alert" }, summary), faults.length ? table : null];
}

/** Show the first rows of a file and ask which column is which. */
export function good(kind, file) {
  const { rows, columns, preview = [], warnings = [] } = file;
  const head = columns.map((name) => el("th", { scope: "col", dir: "auto" }, name));
  const lines = preview.slice(0, ROWS).map((row) =>
    el(
      "tr",
      {},
      columns.map((name) => el("td", { dir: "auto" }, String(row[name] ?? ""))),
    ),
  );
  const fields = FIELDS[kind]
    .filter(([key]) => columns.length && (file.in_columns || !["x", "y"].includes(key)))
    .map((field) => column(kind, field, file));
  return [
    el(
      "p",
      { class: "ok" },
      `✓ ${usable(rows, columns.length > 0, warnings.length > 0)}`,
    ),
    doubts(warnings),
    columns.length
      ? el(
          "div",
          { class: "scroll", tabindex: "0", role: "group", "aria-label": _("First rows") },
          el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, lines)),
        )
      : null,
    el("div", { class: "grid2" }, fields),
  ];
}

function usable(rows, table, doubted) {
  const what = table ? ngettext("{n} row", "{n} rows", rows) : ngettext("{n} cell with people", "{n} cells with people", rows);
  return doubted ? _("{what}, which can be used.", { what }) : _("{what}, all good.", { what });
}

/** Show what can be used but may be a mistake; nothing where there is none. */
export function doubts(warnings = []) {
  if (!warnings.length) return null;
  const lines = warnings.slice(0, MOST_FAULTS).map(({ text }) => el("li", { dir: "auto" }, text));
  return el(
    "details",
    { class: "fold", id: "doubts" },
    el("summary", {}, ngettext("{n} warning: what may be a mistake", "{n} warnings: what may be a mistake", warnings.length)),
    el("ul", {}, lines),
  );
}

function column(kind, [key, title, guess], file) {
  const { columns, guess: guessed = {} } = file;
  const likely = guessed[key] || columns.find((name) => guess.test(name)) || "";
  const optional = key === "connected_share";
  const options = [
    optional ? el("option", { value: "" }, _("nobody is online")) : null,
    columns.map((name) => el("option", { value: name, selected: name === likely }, name)),
  ];
  return el("label", { class: "field" }, el("span", {}, title), el("select", { id: `column-${kind}-${key}` }, options));
}

/** Return which column was chosen for what. */
export const pickedColumns = (kind) =>
  Object.fromEntries(
    FIELDS[kind].map(([key]) => [key, byId(`column-${kind}-${key}`)?.value]).filter(([, value]) => value),
  );
