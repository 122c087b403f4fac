/** What tests of remote write share. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StoreParts } from "./store.ts";
import { parseRemoteWrite, type RemoteWriteSettings } from "./settings.ts";
import type { SampleFrame } from "./series-refs.ts";

/** Settings of a destination, as they would be read from a file. */
export function destinationOf(written: object): RemoteWriteSettings {
  const parsed = parseRemoteWrite(written);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** A frame of one source, all of whose series have values at the same times. */
export function frameOf(
  source: string,
  names: readonly string[],
  times: readonly number[],
  value: (series: number, time: number) => number = (series, time) => series + time / 1000,
): SampleFrame {
  return {
    source,
    sourceLabels: { instance: source, kind: "test" },
    series: names.map((name) => ({ name, labels: { own: `${name}-own` } })),
    times: Float64Array.from(times),
    values: Float64Array.from(names.flatMap((_, s) => times.map((time) => value(s, time)))),
  };
}

/** Parts with the real clock, and what was logged. */
export function storeParts(): StoreParts & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    log: {
      info: (_fields, message) => told.push(`info ${message}`),
      warn: (fields, message) => told.push(`warn ${message} ${JSON.stringify(fields)}`),
    },
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: Math.random,
  };
}

/** Waits for a condition, asked every 10 ms; throws after 15 s. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const limit = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > limit) throw new Error(`not within 15 s: ${what}`);
    await sleep(10);
  }
}
