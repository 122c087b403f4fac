import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findJump, type FigureAt, type Jump } from "./series-jump.ts";

const minuteMs = 60_000;
const figures = (values: readonly number[], from = 0): FigureAt[] =>
  values.map((value, i) => ({ at: (from + i) * minuteMs, value }));
const steady = Array.from({ length: 60 }, (_, i) => 0.1 + (i % 5) * 0.005);

interface Row {
  readonly says: string;
  readonly before: readonly number[];
  readonly recent: readonly number[];
  readonly least?: number;
  /** The minute, the value farthest away; null: no jump. */
  readonly found: readonly [minute: number, after: number] | null;
}

const rows: readonly Row[] = [
  {
    says: "a figure that stays where it was did not jump",
    before: steady,
    recent: [0.1, 0.12, 0.11],
    found: null,
  },
  {
    says: "one that rises far did, when it left its band, and the farthest value is told",
    before: steady,
    recent: [0.11, 0.7, 0.97, 0.9],
    found: [101, 0.97],
  },
  {
    says: "one that falls far did, too",
    before: steady.map((value) => value + 0.7),
    recent: [0.8, 0.01],
    found: [101, 0.01],
  },
  {
    says: "less than what is worth telling is none, however steady it was",
    before: steady.map(() => 0.5),
    recent: [0.6],
    found: null,
  },
  {
    says: "what was never steady does not jump by moving as ever",
    before: steady.map((_, i) => (i % 2 === 0 ? 0.1 : 0.9)),
    recent: [0.95, 0.02],
    found: null,
  },
  {
    says: "a few outliers before make nothing usual",
    before: steady.map((value, i) => (i % 12 === 0 ? 1 : value)),
    recent: [0.9],
    found: [100, 0.9],
  },
  {
    says: "errors that were never there jump with the first",
    before: steady.map(() => 0),
    recent: [0, 0.02, 0],
    least: 0.01,
    found: [101, 0.02],
  },
  {
    says: "of too short a past nothing can be said",
    before: steady.slice(0, 5),
    recent: [0.9],
    found: null,
  },
  { says: "nor without recent values", before: steady, recent: [], found: null },
];

describe("a jump", () => {
  for (const { says, before, recent, least = 0.2, found } of rows) {
    it(says, () => {
      const jump: Jump | null = findJump(figures(before), figures(recent, 100), least);
      assert.deepEqual(jump === null ? null : [jump.at / minuteMs, jump.after], found);
      assert.ok(jump === null || jump.score >= 1);
    });
  }
});
