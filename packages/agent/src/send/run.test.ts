import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mergeRuns, samplesIn, splitRun, type Run } from "./run.ts";

const lists = [1, 3].map((count) => ({
  hash: String(count),
  series: Array.from({ length: count }, (_, s) => ({ name: `s${s}`, labels: {} })),
}));

const arbitraryRun: fc.Arbitrary<Run> = fc
  .record({
    list: fc.constantFrom(...lists),
    start: fc.nat(50),
    steps: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
    hasGaps: fc.boolean(),
  })
  .chain(({ list, start, steps, hasGaps }) => {
    let at = start;
    const times = Float64Array.from(steps, (step) => (at += step));
    const count = times.length * list.series.length;
    const bits = fc.array(fc.nat(1), { minLength: count, maxLength: count });
    return bits.map((present) => ({
      list,
      times,
      values: Float64Array.from({ length: count }, (_, i) => start * 1000 + i),
      ...(hasGaps ? { present: Uint8Array.from(present) } : {}),
    }));
  });

/** Every value of some runs as `list time series value`, in their order. */
function flat(runs: readonly Run[]): string[] {
  return runs.flatMap(({ list, times, values, present }) =>
    Array.from(times, (time, t) => {
      const column = list.series.map((_, s) => {
        const place = s * times.length + t;
        return present?.[place] === 0 ? "-" : values[place];
      });
      return `${list.hash} ${time} ${column.join(" ")}`;
    }),
  );
}

describe("runs", () => {
  it("hold the same samples in the same order, however they are merged and split", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRun, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (runs, most) => {
          const merged = mergeRuns(runs, most);
          assert.deepEqual(flat(merged), flat(runs));
          assert.equal(samplesIn(merged), samplesIn(runs));
          for (const { times } of merged) {
            assert.ok(times.length <= most && times.length > 0);
            assert.deepEqual(
              [...times],
              [...new Set(times)].toSorted((a, b) => a - b),
            );
          }
          assert.deepEqual(flat(merged.flatMap((run) => splitRun(run, 2))), flat(runs));
        },
      ),
    );
  });

  it("are joined as far as the list and the clock go on", () => {
    const [one, three] = lists;
    assert.ok(one !== undefined && three !== undefined);
    const at = (list: Run["list"], time: number): Run => ({
      list,
      times: Float64Array.of(time),
      values: new Float64Array(list.series.length),
    });
    const runs = [at(one, 1), at(one, 2), at(three, 3), at(three, 3), at(three, 2), at(three, 9)];
    assert.deepEqual(
      mergeRuns(runs, 100).map(({ times }) => [...times]),
      [[1, 2], [3], [3], [2, 9]],
    );
  });

  it("of very many series are short", () => {
    const list = {
      hash: "many",
      series: Array.from({ length: 20_000 }, () => ({ name: "a", labels: {} })),
    };
    const runs = Array.from({ length: 40 }, (_, t) => ({
      list,
      times: Float64Array.of(t),
      values: new Float64Array(20_000),
    }));
    assert.deepEqual(
      mergeRuns(runs, 120).map(({ times }) => times.length),
      [30, 10],
    );
  });
});
