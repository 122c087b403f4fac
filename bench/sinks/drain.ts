/** Drives one sink as delivery does: batch after batch of records as they are in a spool, each taken whole before the next. */
import type { EventSinkKind } from "../../packages/relay/src/event-sink.ts";
import { readSinkRecord } from "../../packages/relay/src/sink-record.ts";
import { usageOf } from "../process-usage.ts";
import { eventText } from "../relay/events.ts";
import type { BenchRow } from "../report.ts";

export interface DrainSettings {
  readonly what: string;
  readonly kind: EventSinkKind;
  /** As written in configuration. */
  readonly config: object;
  readonly records: number;
  /** Bytes of the n-th record. Default `recordBytes`. */
  readonly bytesOf?: (n: number) => Buffer;
  /** What the same bytes cost without a sink, records per second. */
  readonly peer?: { readonly name: string; readonly value: number };
}

/** How many records are handed over at once. */
export const drainBatch = 1_000;

/** Bytes of a record in a spool; each has an id of its own. */
export function recordBytes(n: number): Buffer {
  return Buffer.from(eventText().replace("0".repeat(12), String(n).padStart(12, "0")));
}

/** Two rows: records per second, and the CPU of the whole process for one of them. Throws when a record is not taken. */
export async function drain(settings: DrainSettings): Promise<readonly BenchRow[]> {
  const { what, kind, config, records, bytesOf = recordBytes, peer } = settings;
  const parsed = kind.parseSettings(config);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  await using sink = kind.create(parsed.value, {
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    log: { info: () => {}, warn: (fields, message) => console.error(message, fields) },
    stdout: process.stderr,
  });

  async function deliver(first: number, count: number): Promise<void> {
    const batch = stored
      .slice(first, first + count)
      .flatMap((bytes) => readSinkRecord(bytes) ?? []);
    const answers = await sink.deliver(batch, AbortSignal.timeout(60_000));
    const failed = answers.find((answer) => answer.kind !== "sent");
    if (failed !== undefined) throw new Error(`${what}: ${JSON.stringify(failed)}`);
  }

  const stored = Array.from({ length: records }, (_, n) => bytesOf(n));
  // The first batch opens files and compiles; it is not counted.
  await deliver(0, drainBatch);
  const cpu = usageOf(process.pid).cpuMicroseconds;
  const begin = performance.now();
  for (let n = drainBatch; n < records; n += drainBatch) await deliver(n, drainBatch);
  const seconds = (performance.now() - begin) / 1000;
  const counted = records - drainBatch;
  const microseconds = (usageOf(process.pid).cpuMicroseconds - cpu) / counted;
  return [
    {
      what: `${what}: records drained`,
      value: counted / seconds,
      unit: "/s",
      budget: null,
      atMost: false,
      ...(peer && { peer }),
    },
    {
      what: "  CPU of the whole process",
      value: microseconds,
      unit: "µs/record",
      budget: null,
      atMost: true,
    },
  ];
}
