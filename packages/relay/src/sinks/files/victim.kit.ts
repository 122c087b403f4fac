/**
 * A process for tests that end it: delivers records to a sink of files, from number BEGIN on, batch after batch until COUNT
 * or until it is killed, and writes a line when a batch was taken whole: `sent <number after it>`.
 * `node victim.kit.ts TYPE CONFIG-AS-JSON BEGIN [COUNT]`
 */
import { writeSync } from "node:fs";
import { csvKind } from "../csv/kind.ts";
import { sinkParts } from "../event-sink.contract.ts";
import { fileKind } from "../file/kind.ts";
import { jsonKind } from "../json/kind.ts";
import { jobRecord } from "../record.kit.ts";

const [type, config = "", begin = "0", count = "Infinity"] = process.argv.slice(2);
const kind = [csvKind, fileKind, jsonKind].find((one) => one.type === type);
if (kind === undefined) throw new Error(`no sink ${type}`);
const parsed = kind.parseSettings(JSON.parse(config));
if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
const sink = kind.create(parsed.value, sinkParts());

writeSync(1, "ready\n");
let next = Number(begin);
const end = next + Number(count);
for (let batch = 1; next < end; batch += 1) {
  const size = Math.min(1 + ((batch * 37) % 200), end - next);
  const records = Array.from({ length: size }, (_, i) =>
    jobRecord(`n-${next + i}`, { event: { metadata: { text: `two\r\nlines, ${next + i}` } } }),
  );
  const answers = await sink.deliver(records, AbortSignal.timeout(30_000));
  const failed = answers.find(({ kind: answer }) => answer !== "sent");
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
  next += size;
  writeSync(1, `sent ${next}\n`);
}
