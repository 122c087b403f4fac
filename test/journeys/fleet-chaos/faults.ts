/** Which faults come when: at random from a seed, so that what went wrong can be played again. Pure. */
import { faultKinds, type FaultKind } from "./evidence.ts";

/** A fault that is to be: it lasts from `afterMs`, counted from the start, for `lastsMs`. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** Number of the process; null: the database. */
  readonly process: number | null;
  readonly afterMs: number;
  readonly lastsMs: number;
  /** Of a cut: nothing comes through and nobody is told, or connections are refused. */
  readonly how: "silent" | "refused";
}

export interface FaultSettings {
  readonly processes: number;
  /** Faults begin within so long. */
  readonly forMs: number;
  /** From one fault to the next, at least and at most. */
  readonly pauseMs: readonly [number, number];
  /** How long each kind lasts, at least and at most. */
  readonly lastsMs: Readonly<Record<FaultKind, readonly [number, number]>>;
}

/** Numbers from 0 up to, not including, 1 that follow from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * Plans faults: every kind in turn, in a random order; of processes that are well at that time, so that one is never hurt
 * twice at once, and one at least stays well.
 */
export function planFaults(settings: FaultSettings, random: () => number): readonly PlannedFault[] {
  const between = ([least, most]: readonly [number, number]): number =>
    least + random() * (most - least);
  const planned: PlannedFault[] = [];
  let kinds: FaultKind[] = [];
  for (let afterMs = between([0, settings.pauseMs[0]]); afterMs < settings.forMs;) {
    if (kinds.length === 0) kinds = shuffled(faultKinds, random);
    const kind = kinds.pop() ?? "kill";
    const well = wellAt(planned, settings.processes, afterMs);
    const process = kind === "restart" ? null : (well[Math.floor(random() * well.length)] ?? null);
    const isPossible = kind === "restart" ? isDatabaseThere(planned, afterMs) : well.length > 1;
    const lastsMs = between(settings.lastsMs[kind]);
    const how = random() < 0.5 ? "silent" : "refused";
    if (isPossible) planned.push({ kind, process, afterMs, lastsMs, how });
    afterMs += between(settings.pauseMs);
  }
  return planned;
}

/** How long a process needs to be one of the fleet again. */
const recoveryMs = 5_000;

function wellAt(
  planned: readonly PlannedFault[],
  processes: number,
  atMs: number,
): readonly number[] {
  const hurt = new Set(
    planned
      .filter(({ afterMs, lastsMs }) => atMs < afterMs + lastsMs + recoveryMs)
      .map(({ process }) => process),
  );
  return Array.from({ length: processes }, (_, i) => i).filter((i) => !hurt.has(i));
}

function isDatabaseThere(planned: readonly PlannedFault[], atMs: number): boolean {
  return !planned.some(
    ({ kind, afterMs, lastsMs }) => kind === "restart" && atMs < afterMs + lastsMs + recoveryMs,
  );
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
