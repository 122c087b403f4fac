/**
 * `node bench/series/make-fixture.ts RECORDING.ndjson`: makes `data/host.block` of a recording: a line with the names of
 * the series, then a line `[epoch ms, value…]` per second. The last two hours are taken; series with a gap and second ones of a name are left out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { BlockWriter } from "../../packages/hub/src/store/series/codec/block.ts";
import { zstdLevels } from "../../packages/hub/src/store/series/codec/wrap.ts";
import { windowMs } from "./host.ts";

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("which recording?");
const lines = readFileSync(path, "utf8").split("\n");
const names = JSON.parse(lines[0] ?? "[]") as string[];
const rows: (number | null)[][] = lines
  .slice(1)
  .filter((line) => line.endsWith("]"))
  .map((line) => JSON.parse(line) as (number | null)[])
  .filter((row) => row.length === names.length + 1);
const end = rows.at(-1)?.[0] ?? 0;
const kept = rows.filter((row) => (row[0] ?? 0) > end - windowMs);
const start = Math.floor((kept[0]?.[0] ?? 0) / 1000) * 1000;
const times = Float64Array.from(kept, (row) => (row[0] ?? 0) - start);
const writer = new BlockWriter(times, { fields: 1, level: zstdLevels.sealed, inline: true });
const whole = names.filter((name, s) => {
  const column = kept.map((row) => row[s + 1]);
  if (names.indexOf(name) !== s || column.some((value) => typeof value !== "number")) return false;
  writer.add(s, Float64Array.from(column, Number), null);
  return true;
});
const head = Buffer.from(JSON.stringify(whole));
const length = Buffer.alloc(4);
length.writeUInt32LE(head.length);
const block = writer.finish().head;
writeFileSync(new URL("data/host.block", import.meta.url), Buffer.concat([length, head, block]));
console.log(`${whole.length} series, ${times.length} instants, ${block.length} bytes`);
