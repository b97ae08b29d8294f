// Own data: two files in, what is wrong shown by row, a scenario out.

import { api } from "./api.js";
import { closeDialog, ask } from "./dialog.js";
import { byId, el, named, show } from "./dom.js";
import { plain, typed, words } from "./format.js";
import { bad, good, pickedColumns } from "./findings.js";
import { forgetPreviews, preview } from "./preview.js";
import { accepted, bundled } from "./shapefile.js";
import { newTitle, together } from "./together.js";
import { turns } from "./turns.js";
import { _ } from "./words.js";

const TITLES = {
  demand: [_("Where people live"), _("One row a place: an id, where it is, how many people. Or a raster of people.")],
  sites: [_("Where hubs could stand"), _("One row a site: an id and where it is.")],
};
let files = {};
const numbers = { demand: turns(), sites: turns() };
const coming = {};
const takeDialog = turns();
let done = () => {};

export function openUpload(made) {
  done = made;
  files = {};
  const current = takeDialog();
  for (const kind of Object.keys(TITLES)) drop(kind);
  const body = [
    together(async (id) => {
      const wanted = current() && byId("dialog").open;
      if (wanted) closeDialog();
      await done(id, wanted);
    }),
    el("div", { class: "uploads" }, ["demand", "sites"].map(picker)),
    el("form", { id: "own-form", hidden: true, onsubmit: make, novalidate: true }),
  ];
  return ask({ title: _("Use your own data"), body, close: _("Cancel"), wide: true }).finally(() => {
    if (!current()) return;
    for (const kind of Object.keys(TITLES)) drop(kind);
    forgetPreviews();
  });
}

/** Forget what was or is being uploaded of a kind; returns what tells whether the next upload is still the last. */
function drop(kind) {
  coming[kind]?.abort();
  delete files[kind];
  return numbers[kind]();
}

function picker(kind) {
  const [title, text] = TITLES[kind];
  const input = el("input", {
    type: "file",
    id: `file-${kind}`,
    multiple: true, // the files of a Shapefile are several
    accept: accepted(),
    "aria-describedby": `hint-${kind}`,
    onchange: ({ target }) => target.files.length && send(kind, [...target.files]),
  });
  return el(
    "section",
    { class: "upload", "aria-labelledby": `head-${kind}` },
    el("h3", { id: `head-${kind}` }, title),
    el("p", { class: "note", id: `hint-${kind}` }, [text, _("Excel, CSV, GeoJSON, GeoPackage, Shapefile and more.")].join(" ")),
    el("label", { class: "file" }, el("span", { class: "sr" }, _("File: {title}", { title })), input),
    el("div", { id: `found-${kind}`, "aria-live": "polite" }),
  );
}

async function send(kind, chosen, sheet = "") {
  const place = byId(`found-${kind}`);
  const current = drop(kind);
  coming[kind] = new AbortController();
  form();
  show(place, el("p", { class: "note" }, _("Reading {file}…", { file: chosen[0].name })));
  try {
    const sent = await bundled(chosen);
    if (sent.length > 1) throw new Error(_("Choose one file here, or drop all of them together above."));
    const [file] = sent;
    const found = await api.upload(kind, file, coming[kind].signal, sheet);
    if (!current()) return;
    if (found.faults?.length)
      throw Object.assign(new Error(_("{file} cannot be used yet.", { file: file.name })), { faults: found.faults });
    files[kind] = {
      ...found,
      columns: found.columns.map((column) => column.name ?? column),
      name: file.name,
    };
    show(place, sheets(kind, chosen, found), good(kind, files[kind]));
    preview(place, found.looks);
  } catch (failure) {
    if (!current()) return;
    show(place, bad(failure));
  }
  form();
}

/** Ask which sheet or layer of several is meant; another one is read at once. */
function sheets(kind, chosen, { parts, part }) {
  if (parts.length < 2) return null;
  const again = ({ target }) => send(kind, chosen, target.value);
  const options = parts.map((name) => el("option", { value: name, selected: name === part }, name));
  return el(
    "label",
    { class: "field" },
    el("span", {}, _("Sheet or layer")),
    el("select", { id: `sheet-${kind}`, onchange: again }, options),
  );
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
    el("h3", {}, _("The question")),
    el(
      "div",
      { class: "grid2" },
      text("own-title", _("Name"), newTitle(), false),
      text("own-currency", _("Currency"), "PKR", false),
      text("own-budget", _("Budget"), plain(1e8)),
      text("own-reach", _("Reach of a hub, km"), "10"),
      text("own-capex", _("Cost to build a hub"), plain(1e7)),
      text("own-opex", _("Cost to run it for a year"), "0"),
    ),
    el("p", { class: "fault", id: "own-fault", role: "alert" }),
    el("button", { type: "submit", class: "primary", id: "own-make" }, _("Open on the map")),
  );
}

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
    show(byId("own-fault"), _("Numbers from 0 up are needed, such as {number} or {words}.", { number: plain(4e6), words: words(4e6) }));
    return;
  }
  const [current, button] = [takeDialog(), byId("own-make")];
  const hub = { name: _("hub"), capex, opex_per_year: opex, reach_km: reach, capacity: null };
  const part = (kind) => ({ upload: files[kind].upload, ...pickedColumns(kind) });
  const title = byId("own-title").value;
  button.disabled = true; // once is enough
  try {
    const { id } = await api.makeScenario({
      title,
      currency: byId("own-currency").value,
      budget,
      hubs: [hub],
      demand: part("demand"),
      sites: part("sites"),
    });
    const wanted = current() && byId("dialog").open;
    if (wanted) closeDialog();
    await done(id, wanted);
  } catch (failure) {
    if (!button.isConnected) throw failure;
    button.disabled = false;
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
