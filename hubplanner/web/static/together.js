// Several files at once: what each is taken for, what is doubted, and the names of both sides that have no partner.

import { api } from "./api.js";
import { offer } from "./dialog.js";
import { el, named, show } from "./dom.js";

import { bad, doubts } from "./findings.js";
import { preview } from "./preview.js";
import { accepted, bundled } from "./shapefile.js";
import { state } from "./store.js";
import { turns } from "./turns.js";
import { _, ngettext } from "./words.js";

const turn = turns();
const ROLES = {
  demand: _("where people live"),
  sites: _("where hubs could stand"),
  "joined to demand": _("more about where people live"),
  "joined to sites": _("more about where hubs could stand"),
  zones: _("areas that places lie in"),
};

/** Return a name for a plan of own data that none has yet. */
export function newTitle() {
  const own = state.scenarios.filter(({ group }) => group === "Your data").length;
  return own ? _("My plan {number}", { number: own + 1 }) : _("My plan");
}

/** Return the part of the dialog that takes files together; `open` shows the scenario that was made of them. */
export function together(open) {
  turn(); // what an earlier dialog waits for is not wanted any more
  const found = el("div", { id: "found-together", "aria-live": "polite" });
  const take = (files) => files.length && read([...files], found, open);
  const input = el("input", {
    type: "file",
    id: "file-together",
    multiple: true,
    accept: accepted(),
    "aria-describedby": "hint-together",
    onchange: ({ target }) => take(target.files),
  });
  return el(
    "section",
    {
      class: "upload",
      "aria-labelledby": "head-together",
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => {
        event.preventDefault();
        take(event.dataTransfer.files);
      },
    },
    el("h3", { id: "head-together" }, _("All files at once")),
    el(
      "p",
      { class: "note", id: "hint-together" },
      _("Drop every file here: people, sites, tables by name or code; Excel, CSV, rasters, GeoPackage, Shapefile and more. What each is for is guessed and told, and shown on a map."),
    ),
    el("label", { class: "file" }, el("span", { class: "sr" }, _("Files: all at once")), input),
    found,
  );
}

async function read(files, place, open) {
  const current = turn();
  const [drawn, told] = [el("div", {}), el("div", { class: "told" })];
  show(place, drawn, told);
  const say = (text) => show(told, el("p", { class: "note" }, text));
  say(ngettext("Reading {n} file…", "Reading {n} files…", files.length));
  offer();
  alone(true);
  const given = new Set(files.map(({ name }) => name));
  const asGiven = (name) => (given.has(name) ? name : name.replace(/\.zip$/, ".shp")); // packed here
  const shapes = [...given].filter((name) => name.endsWith(".shp")).map((name) => name.slice(0, -4));
  const packed_ = shapes.flatMap((stem) => [".zip", ".geojson"].map((end) => `${stem}${end}`)).filter((name) => !given.has(name));
  /** Call files in a text as they were called when they were brought. */
  const said = (text) => packed_.reduce((now, name) => now.replaceAll(name, name.replace(/\.[a-z]+$/, ".shp")), text);
  const found = [];
  try {
    const packed = await bundled(files);
    for (const [at, file] of packed.entries()) {
      say(_("Reading {file}, {number} of {all}…", { file: asGiven(file.name), number: at + 1, all: packed.length }));
      found.push(await api.upload("any", file));
      if (!current()) return;
    }
    const looks = found.flatMap((each) => each.looks).map((look) => ({ ...look, name: asGiven(look.name) }));
    preview(drawn, looks);
    say(_("Guessing what each is for…"));
    const made = await api.makeProject({ title: newTitle(), files: found.map(({ upload }) => ({ upload })) });
    if (!current()) return;
    drawn.querySelector(".looks").remove(); // said better by what they are used for
    const uses = made.uses.map((use) => ({ ...use, file: asGiven(use.file) }));
    const guesses = made.guesses.map((guess) => ({ ...guess, value: typeof guess.value === "string" ? said(guess.value) : guess.value }));
    const warnings = found.flatMap(({ warnings: each }) => each).map((warning) => ({ ...warning, text: said(warning.text) }));
    tell(told, { ...made, uses, guesses, questions: made.questions.map(said), warnings }, open);
  } catch (failure) {
    if (!current()) return;
    alone(false);
    show(told, bad(failure));
  }
}

/** While files are taken together, what takes two of them one by one is out of the way. */
function alone(hide) {
  const others = document.querySelector("#dialog .uploads");
  if (others) others.hidden = hide;
}

function tell(place, made, open) {
  const { uses, guesses, questions } = made;
  show(
    place,
    el(
      "ul",
      { id: "uses", class: "looks" },
      uses.map(({ file, role, why }) => el("li", {}, named(file, "b"), `: ${ROLES[role] ?? role}; `, named(why))),
    ),
    doubts(made.warnings),
    fold(
      "guesses",
      ngettext("{n} guess with the evidence", "{n} guesses with the evidence", guesses.length),
      guesses.map(({ key, value, why }) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)} (${why})`),
    ),
    questions.length
      ? el(
          "details",
          { class: "fold", id: "questions" },
          el("summary", {}, ngettext("{n} question to look at", "{n} questions to look at", questions.length)),
          el(
            "ul",
            {},
            questions.map((text) => named(text, "li")),
          ),
        )
      : null,
    made.joins.map((join) => partners(place, made, join, open)),
    el("p", { class: "note" }, _("Costs, reach and budget are examples: set your own beside the map.")),
  );
  offer(el("button", { type: "button", class: "primary", id: "together-open", onclick: () => open(made.id) }, _("Open on the map")));
}

const fold = (id, title, lines) =>
  el(
    "details",
    { class: "fold", id },
    el("summary", {}, title),
    el(
      "ul",
      {},
      lines.map((text) => named(text, "li")),
    ),
  );

/** Show the names of both sides that have no partner, each of here with those of there to choose from. */
function partners(place, made, join, open) {
  const lost = Object.entries(join.unmatched);
  const { file, matched: part } = join;
  const head = ngettext("{file}: {part} of {n} place found in it", "{file}: {part} of {n} places found in it", join.rows, { file, part });
  if (!lost.length) return el("p", { class: "ok" }, `✓ ${head}`);
  const fault = el("p", { class: "fault", role: "alert" });
  const choices = new Map();
  const rows = lost.map(([name, near]) => {
    const others = [...new Set([...near, ...join.unused])];
    const select = el(
      "select",
      { "aria-label": _("Partner of {name}", { name }) },
      el("option", { value: "" }, _("none: leave out")),
      others.map((other) => el("option", { value: other }, other)),
    );
    choices.set(name, select);
    return el("tr", {}, named(name, "th", { scope: "row" }), el("td", {}, select));
  });
  const use = async () => {
    const chosen = Object.fromEntries([...choices].map(([name, { value }]) => [name, value]).filter(([, value]) => value));
    try {
      tell(place, { ...made, ...(await api.nameAliases(made.id, { [join.key]: chosen })) }, open);
    } catch (failure) {
      show(fault, failure.message);
    }
  };
  const names = [_("Not found"), _("Its name in {file}", { file })].map((text) => el("th", { scope: "col" }, text));
  return el(
    "section",
    { class: "partners" },
    el("p", {}, head),
    el("table", { class: "list" }, el("thead", {}, el("tr", {}, names)), el("tbody", {}, rows)),
    join.unused.length ? named(_("In {file} and not here: {names}", { file, names: join.unused.slice(0, 20).join(", ") }), "p", { class: "note" }) : null,
    fault,
    el("button", { type: "button", onclick: use }, _("Use these names")),
  );
}
