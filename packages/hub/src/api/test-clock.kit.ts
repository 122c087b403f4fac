/** For tests: a clock that moves when it is told to, and a log that keeps its lines. */
import type { Clock } from "../model/clock.ts";
import type { ApiParts } from "./parts.ts";

/** A clock that moves when it is told to. */
export interface TestClock extends Clock {
  move(ms: number): void;
}

/** 2026-01-01T00:00:00Z */
export const startOfTime = Date.UTC(2026, 0, 1);

/** Time stands still until it is moved. */
export function createTestClock(): TestClock {
  let ms = startOfTime;
  return {
    now: () => Math.floor(ms),
    monotonicMs: () => ms,
    move: (by) => void (ms += by),
  };
}

/** Keeps what is logged. */
export function createTestLog(): ApiParts["log"] & {
  readonly lines: { readonly fields: object; readonly message: string }[];
  info(fields: object, message: string): void;
} {
  const lines: { readonly fields: object; readonly message: string }[] = [];
  const add = (fields: object, message: string): void => void lines.push({ fields, message });
  return { lines, error: add, warn: add, info: () => undefined };
}
