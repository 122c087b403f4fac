/** Reads how Belfry does at a moment, from the parts that know. Nothing is waited for: the disk is asked now and then. */
import { statfs } from "node:fs/promises";
import type { Clock } from "../model/clock.ts";
import type { OwnFigures } from "./own-trouble-kinds.ts";

export interface FigureSources {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly commits: {
    readonly stats: { readonly ageSeconds: number };
    /** Epoch ms; null while the store takes what is decided. */
    readonly failingSince: number | null;
  };
  readonly outputs: {
    status(): {
      readonly outputs: readonly {
        readonly name: string;
        readonly oldestSeconds: number;
        readonly deadLetters: number;
      }[];
    };
  };
  /** For how long the event loop stood still within the last so many ms, in ms. */
  readonly stalledMs: (withinMs: number) => number;
}

export interface Figures extends Disposable {
  read(): OwnFigures;
  /** A check began so late, s. */
  started(lagSeconds: number): void;
}

const diskEveryMs = 10_000;
/** The lag of checks is that of the worst one within this time, or twice of it. */
const lagSpanMs = 15_000;
const stallSpanMs = 60_000;

/** Begins to ask the disk; the first answer is there a moment later. */
export function createFigures(sources: FigureSources): Figures {
  const { clock, commits, outputs } = sources;
  let disk: OwnFigures["disk"] = null;
  let lag = { sinceMs: clock.monotonicMs(), worst: 0, before: 0 };
  const askDisk = (): void => {
    // A folder that cannot be asked says nothing of its room.
    void statfs(sources.dataDir).then(
      ({ bavail, blocks, bsize }) => {
        disk = { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
      },
      () => (disk = null),
    );
  };
  askDisk();
  const timer = setInterval(askDisk, diskEveryMs);

  function turnLag(): void {
    const now = clock.monotonicMs();
    if (now - lag.sinceMs < lagSpanMs) return;
    const isOld = now - lag.sinceMs >= 2 * lagSpanMs;
    lag = { sinceMs: now, worst: 0, before: isOld ? 0 : lag.worst };
  }

  return {
    started(lagSeconds) {
      turnLag();
      if (lagSeconds > lag.worst) lag = { ...lag, worst: lagSeconds };
    },
    read() {
      turnLag();
      const { failingSince, stats } = commits;
      const all = outputs.status().outputs;
      const [oldest] = all.toSorted((a, b) => b.oldestSeconds - a.oldestSeconds);
      return {
        // Since a moment ago is failing too, whatever the clock says.
        storeFailingSeconds:
          failingSince === null ? 0 : Math.max(0.001, (clock.now() - failingSince) / 1000),
        commitAgeSeconds: stats.ageSeconds,
        disk,
        output:
          oldest === undefined ? null : { name: oldest.name, ageSeconds: oldest.oldestSeconds },
        deadLetters: all.reduce((sum, one) => sum + one.deadLetters, 0),
        lagSeconds: Math.max(lag.worst, lag.before),
        stalledSeconds: sources.stalledMs(stallSpanMs) / 1000,
      };
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
