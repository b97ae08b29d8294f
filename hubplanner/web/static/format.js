// Numbers in words: "12.4 million", "PKR 4 billion", "42 %". Spaces before signs do not break.

const WORDS = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
];
const THIN = "\u00a0";

/** Return a number with thousands separators. */
export function plain(number, digits = 0) {
  return Number(number).toLocaleString("en", { maximumFractionDigits: digits });
}

/** Return a number in three figures and words. */
export function words(number) {
  const size = Math.abs(number);
  for (const [unit, word] of WORDS) if (size >= unit * 0.9995) return `${figures(number / unit)}${THIN}${word}`;
  return size >= 100 ? plain(number) : figures(number);
}

/** Return a number in three figures and a word cut short: "4.38 m", "2 bn". */
export const short = (number) =>
  words(number).replace(/\u00a0(\w).*/, (_, letter) => `${THIN}${letter === "t" ? "tn" : letter === "b" ? "bn" : "m"}`);

/** Return three significant figures. */
export function figures(number) {
  return Number(number).toLocaleString("en", { maximumSignificantDigits: 3 });
}

export function money(number, currency) {
  return currency ? `${currency}${THIN}${words(number)}` : words(number);
}

export function share(part) {
  const percent = part * 100;
  if (percent >= 0.1 && percent < 1) return `${percent.toLocaleString("en", { maximumSignificantDigits: 2 })}${THIN}%`;
  const digits = percent === 0 || percent >= 10 ? (percent >= 99.5 && percent < 100 ? 1 : 0) : 1;
  return `${percent > 0 && percent < 0.1 ? "under 0.1" : plain(percent, digits)}${THIN}%`;
}

/** Return a share in three figures, for those that differ by little. */
export const exactly = (part) => `${figures(part * 100)}${THIN}%`;

export function seconds(number) {
  if (number < 60) return `${plain(number)}${THIN}s`;
  return `${Math.floor(number / 60)}${THIN}min ${plain(number % 60)}${THIN}s`;
}

export function bytes(number) {
  return number < 1e6 ? `${plain(Math.max(1, number / 1e3))}${THIN}kB` : `${plain(number / 1e6, 1)}${THIN}MB`;
}

/** Return a column's or a key's name as words. */
export const readable = (name) => name.replaceAll("_", " ");

/** Return "1 hub", "2 hubs". */
export function count(number, one, many = `${one}s`) {
  return `${plain(number)}${THIN}${number === 1 ? one : many}`;
}

/** Return a number typed by a person, null if it is none: "4 bn", "4,000,000", "3.5m". */
export function typed(text) {
  const found = /^\s*(-?[\d,.\s]+?(?:e[+-]?\d+)?)\s*(k|thousand|m|mn|million|bn|b|billion|trillion)?\s*$/i.exec(text);
  if (!found) return null;
  const number = Number(found[1].replace(/[,\s]/g, ""));
  const unit = { k: 1e3, t: 1e3, m: 1e6, b: 1e9 }[(found[2] || "").toLowerCase()[0]] || 1;
  return Number.isFinite(number) ? number * (/^tr/i.test(found[2] || "") ? 1e12 : unit) : null;
}
