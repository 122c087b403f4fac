/** All outputs of a process: every record goes to each of them, and none of them can hold it up. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseFormat } from "./format.ts";
import { defaultBounds, Output, type OutputLog, type OutputStats } from "./output.ts";
import type { OutputRecord } from "./record.ts";
import { labelOf, openSink, type OutputSettings } from "./sinks/registry.ts";

export interface OutputsParts {
  readonly stdout: NodeJS.WritableStream;
  readonly log: OutputLog;
  readonly clock: { monotonicMs(): number };
}

/** How all outputs together are doing. */
export interface OutputsStats {
  /** Records waiting at the output where most wait. */
  readonly waiting: number;
  /** Records taken by the output that took most; without outputs, every record. */
  readonly handedOver: number;
  /** Records dropped, over all outputs. */
  readonly failed: number;
  readonly outputs: readonly OutputStats[];
}

export interface Outputs extends AsyncDisposable {
  /** Hands a record to every output; it is made only when there is one. Never waits, never throws. */
  push(make: () => OutputRecord): void;
  stats(): OutputsStats;
}

/** Starts the outputs; destinations are opened with the first record. Disposing flushes them, within 2 s. */
export function createOutputs(
  settings: readonly OutputSettings[],
  parts: OutputsParts,
  bounds = defaultBounds,
): Outputs {
  const { log, clock, stdout } = parts;
  const outputs = settings.map(
    (one) =>
      new Output(
        {
          label: labelOf(one),
          format: formatOf(one),
          open: () => openSink(one, { stdout }),
          log,
          clock,
          sleep: (ms, signal) => sleep(ms, undefined, { signal }),
        },
        bounds,
      ),
  );
  let pushed = 0;
  return {
    push(make) {
      pushed += 1;
      if (outputs.length === 0) return;
      const record = make();
      for (const output of outputs) output.push(record);
    },
    stats() {
      const all = outputs.map((output) => output.stats());
      return {
        waiting: Math.max(0, ...all.map(({ depth }) => depth)),
        handedOver: outputs.length === 0 ? pushed : Math.max(...all.map(({ written }) => written)),
        failed: all.reduce((sum, { dropped }) => sum + dropped, 0),
        outputs: all,
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(outputs.map((output) => output[Symbol.asyncDispose]()));
    },
  };
}

/** Guarantee: `OutputSettings` come from `parseOutput`, which refuses a format that cannot be compiled. */
function formatOf({ format }: OutputSettings): (record: OutputRecord) => string {
  const compiled = parseFormat(format);
  if (compiled.kind === "bad") throw new TypeError(compiled.problems[0]?.message);
  return compiled.value;
}
