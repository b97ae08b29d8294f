// Numbers in words: "12.4 million", "PKR 4 billion", "42 %". Spaces before signs do not break.

import { _, locale } from "./words.js";

const WORDS = [
  [1e12, _("trillion"), _("tn")],
  [1e9, _("billion"), _("bn")],
  [1e6, _("million"), _("m")],
];
const THIN = "\u00a0";

/** How dates are written: in English with the day first. */
export const dates = locale.startsWith("en") ? "en-GB" : locale;

/** Return a number with thousands separators. */
export function plain(number, digits = 0) {
  return Number(number).toLocaleString(locale, { maximumFractionDigits: digits });
}

/** Return a number in three figures and words. */
export const words = (number) => scaled(number, ([, word]) => word);

/** Return a number in three figures and a word cut short: "4.38 m", "2 bn". */
export const short = (number) => scaled(number, ([, , letters]) => letters);

function scaled(number, named) {
  const size = Math.abs(number);
  const scale = WORDS.find(([unit]) => size >= unit * 0.9995);
  if (scale) return `${figures(number / scale[0])}${THIN}${named(scale)}`;
  return size >= 100 ? plain(number) : figures(number);
}

/** Return three significant figures. */
export function figures(number) {
  return Number(number).toLocaleString(locale, { maximumSignificantDigits: 3 });
}

/** Return how many people, or of whom figures speak. */
export const counted = (number, whom) =>
  whom === "people" ? _("{people} people", { people: words(number) }) : `${words(number)} ${whom}`;

export function money(number, currency) {
  return currency ? `${currency}${THIN}${words(number)}` : words(number);
}

export function share(part) {
  const percent = part * 100;
  if (percent >= 0.1 && percent < 1) return `${percent.toLocaleString(locale, { maximumSignificantDigits: 2 })}${THIN}%`;
  const digits = percent === 0 || percent >= 10 ? (percent >= 99.5 && percent < 100 ? 1 : 0) : 1;
  if (percent > 0 && percent < 0.1) return _("under {share}", { share: [plain(0.1, 1), "%"].join(THIN) });
  return `${plain(percent, digits)}${THIN}%`;
}

/** Return a share in three figures, for those that differ by little. */
export const exactly = (part) =>
  `${(part * 100).toLocaleString(locale, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })}${THIN}%`;

export function seconds(number) {
  if (number < 60) return `${plain(number)}${THIN}s`;
  return `${Math.floor(number / 60)}${THIN}min ${plain(number % 60)}${THIN}s`;
}

export function bytes(number) {
  return number < 1e6 ? `${plain(Math.max(1, number / 1e3))}${THIN}kB` : `${plain(number / 1e6, 1)}${THIN}MB`;
}

/** Return a column's or a key's name as words. */
export const readable = (name) => name.replaceAll("_", " ");

const PARTS = new Intl.NumberFormat(locale).formatToParts(12345678.9);
const DECIMAL = PARTS.find(({ type }) => type === "decimal").value;
const UNITS = Object.entries({ k: 1e3, thousand: 1e3, m: 1e6, mn: 1e6, million: 1e6, b: 1e9, bn: 1e9, billion: 1e9, trillion: 1e12 });

/** Return a number typed by a person, null if it is none: "4 bn", "4,000,000", "3.5m"; in other languages as they write. */
export function typed(text) {
  const found = /^\s*(-?[\d,.'’\s]+?(?:e[+-]?\d+)?)\s*(\p{L}*)\s*$/iu.exec(text);
  if (!found || !/\d/.test(found[1])) return null;
  const word = found[2].toLocaleLowerCase(locale);
  const own = WORDS.flatMap(([unit, ...names]) => names.map((name) => [name.toLocaleLowerCase(locale), unit]));
  const [, unit] = [...own, ...UNITS].find(([name]) => name === word) ?? [null, word ? NaN : 1];
  const digits = found[1].split(DECIMAL).map((part) => part.replaceAll(/[,.'’\s]/g, ""));
  const number = Number(digits.join("."));
  return Number.isFinite(number * unit) ? number * unit : null;
}
