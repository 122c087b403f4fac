/**
 * What may be wrong with Belfry itself: a literal table. Each kind looks at the figures of the moment and says how bad it is.
 * It rings when that held for `holdMs`, and is over when it did not hold for `recoveryMs`; `isRinging` gives hysteresis:
 * what ended at the limit it began at would ring again and again.
 */
import type { Severity } from "@belfry/contract";

/** How Belfry does at one moment. */
export interface OwnFigures {
  /** For how long the store has refused what was decided, s; 0: it does not. */
  readonly storeFailingSeconds: number;
  /** How long the oldest decision waits to be stored, s. */
  readonly commitAgeSeconds: number;
  /** Of the data folder; null: not known. */
  readonly disk: { readonly freeBytes: number; readonly sizeBytes: number } | null;
  /** How long the oldest record waits for an output, s, and which one that is. */
  readonly output: { readonly name: string; readonly ageSeconds: number } | null;
  /** What outputs refused for good and nobody looked at. */
  readonly deadLetters: number;
  /** The latest start of a check within the last quarter of a minute: by how much, s. */
  readonly lagSeconds: number;
  /** For how long the event loop stood still within the last minute, s. */
  readonly stalledSeconds: number;
}

export interface OwnTroubleKind {
  readonly rule: string;
  /** Id and name of the part: the subject of the incident. */
  readonly part: string;
  readonly name: string;
  readonly holdMs: number;
  readonly recoveryMs: number;
  /** How bad it is; null: not at all. */
  look(figures: OwnFigures, isRinging: boolean): Found | null;
}

export interface Found {
  readonly severity: Severity;
  /** One line: what was found, and what is expected. */
  readonly message: string;
}

const mebibyte = 1_048_576;
const minuteMs = 60_000;

export const ownTroubleKinds: readonly OwnTroubleKind[] = [
  {
    rule: "store_failing",
    part: "store",
    name: "Belfry's database",
    holdMs: 5_000,
    recoveryMs: minuteMs,
    look: ({ storeFailingSeconds: seconds }) =>
      seconds <= 0
        ? null
        : {
            severity: "critical",
            message: "it does not take what is decided; checks go on, and their results wait",
          },
  },
  {
    rule: "store_slow",
    part: "store",
    name: "Belfry's database",
    holdMs: 30_000,
    recoveryMs: 2 * minuteMs,
    look({ storeFailingSeconds, commitAgeSeconds: seconds }, isRinging) {
      if (storeFailingSeconds > 0 || seconds <= (isRinging ? 1 : 5)) return null;
      const message = `what is decided waits ${seconds.toFixed(1)} s to be stored, 5 s is the limit`;
      return { severity: "warning", message };
    },
  },
  {
    rule: "disk_nearly_full",
    part: "disk",
    name: "Belfry's data folder",
    holdMs: 30_000,
    recoveryMs: minuteMs,
    look({ disk }, isRinging) {
      if (disk === null) return null;
      const { freeBytes, sizeBytes } = disk;
      const ratio = sizeBytes === 0 ? 1 : freeBytes / sizeBytes;
      // A large disk has room at a small ratio, a small one none at a large ratio.
      const isBelow = (limit: number, mebibytes: number): boolean =>
        freeBytes < mebibytes * mebibyte ||
        (ratio < limit && freeBytes < 20 * mebibytes * mebibyte);
      const message = `${Math.floor(freeBytes / mebibyte)} MiB are left, ${(ratio * 100).toFixed(1)} %`;
      if (isBelow(0.01, 100)) return { severity: "critical", message };
      const isLow = isRinging ? isBelow(0.07, 700) : isBelow(0.05, 500);
      return isLow ? { severity: "warning", message } : null;
    },
  },
  {
    rule: "output_behind",
    part: "outputs",
    name: "Belfry's outputs",
    holdMs: minuteMs,
    recoveryMs: minuteMs,
    look({ output }, isRinging) {
      if (output === null || output.ageSeconds <= (isRinging ? 60 : 600)) return null;
      const minutes = Math.floor(output.ageSeconds / 60);
      const message = `${output.name} is ${minutes} min behind, 10 min is the limit`;
      return { severity: "warning", message };
    },
  },
  {
    rule: "dead_letters",
    part: "outputs",
    name: "Belfry's outputs",
    holdMs: 0,
    recoveryMs: 0,
    look: ({ deadLetters }) =>
      deadLetters === 0
        ? null
        : {
            severity: "warning",
            message: `${deadLetters} record${deadLetters === 1 ? " was" : "s were"} refused for good; replay or delete them`,
          },
  },
  {
    rule: "checks_late",
    part: "schedule",
    name: "Belfry's schedule",
    holdMs: 30_000,
    recoveryMs: 2 * minuteMs,
    look({ lagSeconds }, isRinging) {
      if (lagSeconds <= (isRinging ? 1 : 5)) return null;
      const message = `checks begin ${lagSeconds.toFixed(1)} s late, 5 s is the limit`;
      return { severity: "warning", message };
    },
  },
  {
    rule: "loop_stalled",
    part: "process",
    name: "Belfry's process",
    holdMs: 0,
    recoveryMs: 5 * minuteMs,
    look({ stalledSeconds }, isRinging) {
      if (stalledSeconds <= (isRinging ? 1 : 10)) return null;
      const message = `it stood still for ${stalledSeconds.toFixed(1)} s of the last minute, 10 s is the limit`;
      return { severity: "warning", message };
    },
  },
];

/** What is told once, when it is over. */
export const pastTroubles = {
  own_network: { part: "network", name: "Belfry's own network", severity: "warning" },
  clock_jumped: { part: "clock", name: "Belfry's clock", severity: "warning" },
} as const satisfies Record<
  string,
  { readonly part: string; readonly name: string; readonly severity: Severity }
>;
