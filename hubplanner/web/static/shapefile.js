// The files of a Shapefile as one archive, as the server takes one file at a time.

import { state } from "./store.js";

const PARTS = /\.(shp|shx|dbf|prj|cpg)$/i;

/** Return what a file chooser offers: what the server takes, and the parts of a Shapefile. */
export const accepted = () => [...state.formats, ".shp", ".shx", ".dbf", ".prj", ".cpg"].join(",");

/** Return files, those of each Shapefile packed together. */
export async function bundled(files) {
  const stem = ({ name }) => name.replace(PARTS, "");
  const stems = new Set(files.filter(({ name }) => /\.shp$/i.test(name)).map(stem));
  const isPart = (file) => PARTS.test(file.name) && stems.has(stem(file));
  const packed = [...stems].map((name) => archive(`${name}.zip`, files.filter((file) => isPart(file) && stem(file) === name)));
  return [...files.filter((file) => !isPart(file)), ...(await Promise.all(packed))];
}

/** Return an archive in which files are stored as they are (APPNOTE.TXT 6.3, method 0). */
async function archive(name, files) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const own = new TextEncoder().encode(file.name);
    const about = [20, 0x0800, 0, 0, 0x21]; // version, names in UTF-8, stored, 1 January 1980
    const sizes = [checksum(bytes), bytes.length, bytes.length];
    parts.push(record(0x04034b50, [...about], sizes, [own.length, 0]), own, bytes);
    directory.push(record(0x02014b50, [20, ...about], sizes, [own.length, 0, 0, 0, 0], [0, at]), own);
    at += 30 + own.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = record(0x06054b50, [0, 0, files.length, files.length], [size, at], [0]);
  return new File([...parts, ...directory, end], name);
}

/** Return numbers as little-endian bytes: a mark of four, then of two and of four in turn. */
function record(mark, ...groups) {
  const wide = (at) => at % 2 === 1;
  const bytes = new DataView(new ArrayBuffer(4 + groups.reduce((sum, { length }, at) => sum + length * (wide(at) ? 4 : 2), 0)));
  bytes.setUint32(0, mark, true);
  let place = 4;
  for (const [at, group] of groups.entries())
    for (const number of group) {
      if (wide(at)) bytes.setUint32(place, number >>> 0, true);
      else bytes.setUint16(place, number, true);
      place += wide(at) ? 4 : 2;
    }
  return new Uint8Array(bytes.buffer);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest >>> 0;
});

/** Return the CRC-32 of bytes. */
const checksum = (bytes) => ~bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), -1) >>> 0;
