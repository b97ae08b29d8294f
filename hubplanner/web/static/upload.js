// Own data: two files in, what is wrong shown by row, a scenario out.

import { api } from "./api.js";
import { closeDialog, ask } from "./dialog.js";
import { byId, el, named, show } from "./dom.js";
import { count, plain, typed } from "./format.js";

const FIELDS = {
  demand: [
    ["id", "Id", /^(demand_)?id$|code/i],
    ["x", "Longitude (x)", /^(x|lon|lng|long|longitude)$/i],
    ["y", "Latitude (y)", /^(y|lat|latitude)$/i],
    ["people", "People", /people|population|pop/i],
    ["connected_share", "Share online", /internet|connected|online/i],
  ],
  sites: [
    ["id", "Id", /^(site_)?id$|code/i],
    ["x", "Longitude (x)", /^(x|lon|lng|long|longitude)$/i],
    ["y", "Latitude (y)", /^(y|lat|latitude)$/i],
  ],
};
const TITLES = {
  demand: ["Where people live", "One row a place: an id, where it is, how many people."],
  sites: ["Where hubs could stand", "One row a site: an id and where it is."],
};
const MOST_FAULTS = 100;
const ROWS = 3;
let files = {};
let done = () => {};

export function openUpload(made) {
  done = made;
  files = {};
  const body = [
    el("div", { class: "uploads" }, ["demand", "sites"].map(picker)),
    el("form", { id: "own-form", hidden: true, onsubmit: make, novalidate: true }),
  ];
  return ask({ title: "Use your own data", body, close: "Cancel", wide: true });
}

function picker(kind) {
  const [title, text] = TITLES[kind];
  const input = el("input", {
    type: "file",
    id: `file-${kind}`,
    accept: ".csv,.geojson,.json,.gpkg",
    "aria-describedby": `hint-${kind}`,
    onchange: ({ target }) => target.files[0] && send(kind, target.files[0]),
  });
  return el(
    "section",
    { class: "upload", "aria-labelledby": `head-${kind}` },
    el("h3", { id: `head-${kind}` }, title),
    el("p", { class: "note", id: `hint-${kind}` }, `${text} CSV, GeoJSON or GeoPackage.`),
    el("label", { class: "file" }, el("span", { class: "sr" }, `File: ${title}`), input),
    el("div", { id: `found-${kind}`, "aria-live": "polite" }),
  );
}

async function send(kind, file) {
  const place = byId(`found-${kind}`);
  delete files[kind];
  form();
  show(place, el("p", { class: "note" }, `Reading ${file.name}…`));
  try {
    const found = await api.upload(kind, file);
    if (found.faults?.length)
      throw Object.assign(new Error(`${file.name} cannot be used yet.`), { faults: found.faults });
    files[kind] = {
      ...found,
      columns: found.columns.map((column) => column.name ?? column),
      name: file.name,
      table: /\.csv$/i.test(file.name),
    };
    show(place, good(kind));
  } catch (failure) {
    show(place, bad(failure));
  }
  form();
}

function bad({ message, faults = [] }) {
  const head = ["Row", "Column", "Found", "Allowed"].map((text) => el("th", { scope: "col" }, text));
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
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Faults by row" },
    el("table", { class: "list faults" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
  const summary = faults.length ? `${count(faults.length, "fault")} to put right in this file:` : message;
  return [el("p", { class: "fault", role: "alert" }, summary), faults.length ? table : null];
}

function good(kind) {
  const { rows, columns, preview = [] } = files[kind];
  const head = columns.map((name) => el("th", { scope: "col", dir: "auto" }, name));
  const lines = preview.slice(0, ROWS).map((row) =>
    el(
      "tr",
      {},
      columns.map((name) => el("td", { dir: "auto" }, String(row[name] ?? ""))),
    ),
  );
  const fields = FIELDS[kind]
    .filter(([key]) => files[kind].table || !["x", "y"].includes(key))
    .map((field) => column(kind, field));
  return [
    el("p", { class: "ok" }, `✓ ${plain(rows)} rows, all good.`),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "First rows" },
      el("table", { class: "list" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, lines)),
    ),
    el("div", { class: "grid2" }, fields),
  ];
}

function column(kind, [key, title, guess]) {
  const { columns, guess: guessed = {} } = files[kind];
  const likely = guessed[key] || columns.find((name) => guess.test(name)) || "";
  const optional = key === "connected_share";
  const options = [
    optional ? el("option", { value: "" }, "nobody is online") : null,
    columns.map((name) => el("option", { value: name, selected: name === likely }, name)),
  ];
  return el("label", { class: "field" }, el("span", {}, title), el("select", { id: `column-${kind}-${key}` }, options));
}

function form() {
  const place = byId("own-form");
  const ready = files.demand && files.sites;
  place.hidden = !ready;
  if (!ready || place.childElementCount) return;
  const text = (id, title, value, numeric = true) =>
    el(
      "label",
      { class: "field" },
      el("span", {}, title),
      el("input", { id, value, autocomplete: "off", inputmode: numeric ? "decimal" : null }),
    );
  show(
    place,
    el("h3", {}, "The question"),
    el(
      "div",
      { class: "grid2" },
      text("own-title", "Name", "My plan", false),
      text("own-currency", "Currency", "PKR", false),
      text("own-budget", "Budget", "100,000,000"),
      text("own-reach", "Reach of a hub, km", "10"),
      text("own-capex", "Cost to build a hub", "10,000,000"),
      text("own-opex", "Cost to run it for a year", "0"),
    ),
    el("p", { class: "fault", id: "own-fault", role: "alert" }),
    el("button", { type: "submit", class: "primary", id: "own-make" }, "Open on the map"),
  );
}

const picked = (kind) =>
  Object.fromEntries(
    FIELDS[kind].map(([key]) => [key, byId(`column-${kind}-${key}`)?.value]).filter(([, value]) => value),
  );

async function make(event) {
  event.preventDefault();
  const number = (id) => {
    const field = byId(id);
    const value = typed(field.value);
    field.setAttribute("aria-invalid", String(value === null || value < 0));
    return value;
  };
  const [budget, reach, capex, opex] = ["own-budget", "own-reach", "own-capex", "own-opex"].map(number);
  if ([budget, reach, capex, opex].some((value) => value === null || value < 0)) {
    show(byId("own-fault"), "Numbers from 0 up are needed, such as 4,000,000 or 4 million.");
    return;
  }
  const hub = { name: "hub", capex, opex_per_year: opex, reach_km: reach, capacity: null };
  const part = (kind) => ({ upload: files[kind].upload, ...picked(kind) });
  try {
    const { id } = await api.makeScenario({
      title: byId("own-title").value,
      currency: byId("own-currency").value,
      budget,
      hubs: [hub],
      demand: part("demand"),
      sites: part("sites"),
    });
    closeDialog();
    await done(id);
  } catch (failure) {
    show(
      byId("own-fault"),
      failure.message,
      el(
        "ul",
        {},
        failure.faults?.slice(0, 20).map(({ text }) => el("li", {}, named(text))),
      ),
    );
  }
}
