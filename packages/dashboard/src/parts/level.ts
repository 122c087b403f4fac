/**
 * When a figure of a host deserves colour: one table for the list and for the page of a host. These levels only colour;
 * they ring nobody.
 */

export type Level = "fine" | "attention" | "bad";

/** From `attention` on somebody should look, from `bad` on soon. */
export const limits = {
  /** Share of all cores that is busy. */
  cpu: { attention: 0.8, bad: 0.9 },
  /** Share of memory that programs cannot have. */
  memory: { attention: 0.8, bad: 0.9 },
  /** Share of swap in use. */
  swap: { attention: 0.8, bad: 0.9 },
  /** Share of a file system in use, as `df` counts it; of its inodes as well. */
  disk: { attention: 0.8, bad: 0.9 },
  /** Load average per core: at 1 every core has something to do, at 2 as much again waits. */
  load: { attention: 1, bad: 2 },
  /** °C of the hottest sensor. */
  temperature: { attention: 75, bad: 90 },
} as const satisfies Record<string, { readonly attention: number; readonly bad: number }>;

/** A file system that is full within these, in ms, deserves colour however much is free now. */
export const fullWithin = { attention: 7 * 86_400_000, bad: 86_400_000 } as const;

/** The level of a value; what is not known is fine. */
export function levelOf(what: keyof typeof limits, value: number | null): Level {
  if (value === null || !Number.isFinite(value)) return "fine";
  const { attention, bad } = limits[what];
  return value >= bad ? "bad" : value >= attention ? "attention" : "fine";
}

/** The level of a time until something is full, in ms; null: it does not fill up. */
export function levelOfFullIn(ms: number | null): Level {
  if (ms === null) return "fine";
  return ms < fullWithin.bad ? "bad" : ms < fullWithin.attention ? "attention" : "fine";
}

/** The worst of some levels. */
export function worstLevel(levels: readonly Level[]): Level {
  return levels.includes("bad") ? "bad" : levels.includes("attention") ? "attention" : "fine";
}
