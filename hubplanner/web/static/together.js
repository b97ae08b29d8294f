// Several files at once: what each is taken for, what is doubted, and the names of both sides that have no partner.

import { api } from "./api.js";
import { offer } from "./dialog.js";
import { el, named, show } from "./dom.js";
import { count } from "./format.js";
import { bad, doubts } from "./findings.js";
import { preview } from "./preview.js";
import { accepted, bundled } from "./shapefile.js";
import { state } from "./store.js";
import { turns } from "./turns.js";

const turn = turns();
const ROLES = {
  demand: "where people live",
  sites: "where hubs could stand",
  "joined to demand": "more about where people live",
  "joined to sites": "more about where hubs could stand",
  zones: "areas that places lie in",
};

/** Return a name for a plan of own data that none has yet. */
export function newTitle() {
  const own = state.scenarios.filter(({ group }) => group === "Your data").length;
  return own ? `My plan ${own + 1}` : "My plan";
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
    el("h3", { id: "head-together" }, "All files at once"),
    el(
      "p",
      { class: "note", id: "hint-together" },
      "Drop every file here: people, sites, tables by name or code; Excel, CSV, rasters, GeoPackage, Shapefile and more. What each is for is guessed and told, and shown on a map.",
    ),
    el("label", { class: "file" }, el("span", { class: "sr" }, "Files: all at once"), input),
    found,
  );
}

async function read(files, place, open) {
  const current = turn();
  const [drawn, told] = [el("div", {}), el("div", { class: "told" })];
  show(place, drawn, told);
  const say = (text) => show(told, el("p", { class: "note" }, text));
  say(`Reading ${count(files.length, "file")}…`);
  offer();
  alone(true);
  const given = new Set(files.map(({ name }) => name));
  const asGiven = (name) => (given.has(name) ? name : name.replace(/\.zip$/, ".shp")); // packed here
  const found = [];
  try {
    const packed = await bundled(files);
    for (const [at, file] of packed.entries()) {
      say(`Reading ${asGiven(file.name)}, ${at + 1} of ${packed.length}…`);
      found.push(await api.upload("any", file));
      if (!current()) return;
    }
    const looks = found.flatMap((each) => each.looks).map((look) => ({ ...look, name: asGiven(look.name) }));
    preview(drawn, looks);
    say("Guessing what each is for…");
    const made = await api.makeProject({ title: newTitle(), files: found.map(({ upload }) => ({ upload })) });
    if (!current()) return;
    drawn.querySelector(".looks").remove(); // said better by what they are used for
    const uses = made.uses.map((use) => ({ ...use, file: asGiven(use.file) }));
    tell(told, { ...made, uses, warnings: found.flatMap(({ warnings }) => warnings) }, open);
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
      `${count(guesses.length, "guess", "guesses")} with the evidence`,
      guesses.map(({ key, value, why }) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)} (${why})`),
    ),
    questions.length
      ? el(
          "details",
          { class: "fold", id: "questions" },
          el("summary", {}, `${count(questions.length, "question")} to look at`),
          el(
            "ul",
            {},
            questions.map((text) => named(text, "li")),
          ),
        )
      : null,
    made.joins.map((join) => partners(place, made, join, open)),
    el("p", { class: "note" }, "Costs, reach and budget are examples: set your own beside the map."),
  );
  offer(el("button", { type: "button", class: "primary", id: "together-open", onclick: () => open(made.id) }, "Open on the map"));
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
  const head = `${join.file}: ${join.matched} of ${count(join.rows, "place")} found in it`;
  if (!lost.length) return el("p", { class: "ok" }, `✓ ${head}`);
  const fault = el("p", { class: "fault", role: "alert" });
  const choices = new Map();
  const rows = lost.map(([name, near]) => {
    const others = [...new Set([...near, ...join.unused])];
    const select = el(
      "select",
      { "aria-label": `Partner of ${name}` },
      el("option", { value: "" }, "none: leave out"),
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
  const names = ["Not found", `Its name in ${join.file}`].map((text) => el("th", { scope: "col" }, text));
  return el(
    "section",
    { class: "partners" },
    el("p", {}, head),
    el("table", { class: "list" }, el("thead", {}, el("tr", {}, names)), el("tbody", {}, rows)),
    join.unused.length ? named(`In ${join.file} and not here: ${join.unused.slice(0, 20).join(", ")}`, "p", { class: "note" }) : null,
    fault,
    el("button", { type: "button", onclick: use }, "Use these names"),
  );
}
