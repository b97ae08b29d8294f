// The page's words: English stands in the code, and what it is in the page's language comes with the page, by its English.

const { language, texts, forms } = JSON.parse(document.getElementById("words").textContent);

/** The language that numbers and dates are written in, with the digits 0 to 9. */
export const locale = `${language}-u-nu-latn`;

/** Return a text in the page's language, its `{names}` filled in. */
export function _(text, values = {}) {
  const own = texts[text] ?? text;
  return filled(Array.isArray(own) ? own[0] : own, values);
}

/** Return the one of a text's forms that goes with a number, which fills in `{n}`; what it counts stays on its line. */
export function ngettext(one, many, number, values = {}) {
  const all = texts[one] ?? [one, many];
  const own = Array.isArray(all) ? all[form(number)] : all;
  return filled(own.replaceAll("{n} ", "{n}\u00a0"), { n: Number(number).toLocaleString(locale), ...values });
}

/** Forms are known of numbers below a thousand: larger ones go as those do that end alike. */
const form = (number) => forms[number < 1000 ? Math.floor(number) : 900 + (number % 100)];

const filled = (text, values) => text.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
