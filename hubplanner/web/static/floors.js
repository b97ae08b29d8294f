// Least shares: what each group, or one of its values, is to have covered.

import { choose } from "./choices.js";
import { byId, el, show } from "./dom.js";
import { plain, readable, typed } from "./format.js";
import { state } from "./store.js";
import { _ } from "./words.js";

export function drawFloors() {
  const { groups } = state.scenario;
  const rows = state.choices.floors.map(floorRow);
  const add = el(
    "button",
    {
      type: "button",
      class: "quiet small",
      onclick: () => changeFloors([...state.choices.floors, { group: Object.keys(groups)[0] || null, share: 0.01 }]),
    },
    _("Add a least share"),
  );
  const empty = el(
    "p",
    { class: "note" },
    _("Without one, a group may be left with nothing."),
  );
  show(byId("floors"), el("p", { class: "label" }, _("Least shares")), rows.length ? el("ul", { class: "plain" }, rows) : empty, add);
}

function changeFloors(list) {
  choose({ floors: list });
  drawFloors();
}

function floorRow(floor, at) {
  const { groups } = state.scenario;
  const put = (changes) =>
    changeFloors(
      state.choices.floors.map((other, number) => (number === at ? clean({ ...other, ...changes }) : other)),
    );
  const options = [["", _("All people")]];
  for (const [group, values] of Object.entries(groups)) {
    options.push(
      [JSON.stringify([group]), _("Each {group}", { group: readable(group) })],
      ...values.slice(0, 300).map((value) => [JSON.stringify([group, value]), value]),
    );
  }
  const now = floor.group
    ? JSON.stringify(floor.value === undefined || floor.value === null ? [floor.group] : [floor.group, floor.value])
    : "";
  const whom = el(
    "select",
    {
      "aria-label": _("Least share {number}: whom", { number: at + 1 }),
      onchange: ({ target }) => put(target.value ? pair(JSON.parse(target.value)) : { group: null, value: null }),
    },
    options.map(([value, text]) => el("option", { value, selected: value === now }, text)),
  );
  const least = el("input", {
    class: "short",
    value: plain(floor.share * 100, 3),
    inputmode: "decimal",
    "aria-label": _("Least share {number}, in percent", { number: at + 1 }),
    onchange: ({ target }) => shareChanged(target, put),
  });
  const people = floor.people ? el("span", { class: "note" }, _("of {people}", { people: floor.people })) : null;
  const drop = el(
    "button",
    {
      type: "button",
      class: "icon",
      "aria-label": _("Remove least share {number}", { number: at + 1 }),
      onclick: () => changeFloors(state.choices.floors.filter((_, number) => number !== at)),
    },
    "×",
  );
  return el(
    "li",
    { class: "row" },
    whom,
    el("span", { class: "note" }, _("at least")),
    least,
    el("span", { class: "note" }, "%"),
    people,
    drop,
  );
}

const pair = ([group, value = null]) => ({ group, value });
const clean = (floor) =>
  Object.fromEntries(Object.entries(floor).filter(([, value]) => value !== null && value !== undefined));

function shareChanged(field, put) {
  const percent = typed(field.value);
  const fault = percent === null || percent < 0 || percent > 100;
  field.setAttribute("aria-invalid", String(fault));
  if (!fault) put({ share: percent / 100 });
}
