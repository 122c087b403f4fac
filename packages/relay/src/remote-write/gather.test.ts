import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Gather, type Gathered } from "./gather.ts";
import { frameOf } from "./remote-write.kit.ts";
import { SeriesRefs, type Definition, type SampleFrame } from "./series-refs.ts";

/** Reads batches as the other side does: samples as text with all labels. */
function createReading(): (batch: Gathered | undefined) => string[] {
  let book = new Map<number, Definition>();
  return (batch) => {
    if (batch === undefined) return [];
    if (batch.isNewBook) book = new Map();
    for (const one of batch.definitions) book.set(one.ref, one);
    return [...batch.refs].map((ref, i) => {
      const found = book.get(ref);
      assert.ok(found !== undefined, `number ${ref} stands for nothing`);
      return textOf(found.name, found.labels, found.sourceLabels, batch.times[i], batch.values[i]);
    });
  };
}

function textOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

function textsOf(frame: SampleFrame): string[] {
  const { series, sourceLabels = {}, times, values, present } = frame;
  return series.flatMap(({ name, labels }, s) =>
    [...times].flatMap((time, t) => {
      const at = s * times.length + t;
      return present?.[at] === 0 ? [] : [textOf(name, labels, sourceLabels, time, values[at])];
    }),
  );
}

describe("samples on their way to remote write", () => {
  it("arrive with the labels they were handed in with, whatever is the same object and whatever is not", () => {
    const lists = ["a", "b", "c"].flatMap((one) => [
      [{ name: one, labels: {} }],
      [
        { name: one, labels: { own: "1" } },
        { name: `${one}2`, labels: {} },
      ],
    ]);
    const frame = fc.record({
      source: fc.constantFrom("s1", "s2"),
      sourceLabels: fc.constantFrom(undefined, { instance: "x" }, { instance: "y" }),
      list: fc.nat(lists.length - 1),
      isCopied: fc.constantFrom("no", "list", "keys"),
      times: fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 3 }),
      present: fc.option(fc.array(fc.constantFrom(0, 1), { minLength: 6, maxLength: 6 })),
    });
    const action = fc.oneof({ weight: 4, arbitrary: frame }, fc.constant("flush" as const));
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 6, max: 50 }),
        (actions, most) => {
          const gather = new Gather(1000, new SeriesRefs(most));
          const read = createReading();
          const found: string[] = [];
          const expected: string[] = [];
          let dropped = 0;
          for (const one of actions) {
            if (one === "flush") {
              found.push(...read(gather.flush()));
              continue;
            }
            const list = lists[one.list] ?? [];
            const series =
              one.isCopied === "no"
                ? list
                : one.isCopied === "list"
                  ? [...list]
                  : structuredClone(list);
            const size = series.length * one.times.length;
            const made: SampleFrame = {
              source: one.source,
              ...(one.sourceLabels === undefined ? {} : { sourceLabels: one.sourceLabels }),
              series,
              times: Float64Array.from(one.times.toSorted((a, b) => a - b)),
              values: Float64Array.from({ length: size }, (_, i) => i + 0.5),
              ...(one.present === null
                ? {}
                : { present: Uint8Array.from(one.present.slice(0, size)) }),
            };
            gather.take([made]);
            if (gather.stats.dropped === dropped) expected.push(...textsOf(made));
            dropped = gather.stats.dropped;
          }
          found.push(...read(gather.flush()));
          assert.deepEqual(found, expected);
        },
      ),
    );
  });

  it("are described once, and again in the next book", () => {
    const gather = new Gather(1000, new SeriesRefs(3));
    const first = frameOf("a", ["one", "two"], [1]);
    gather.take([first]);
    assert.equal(gather.flush()?.definitions.length, 2);
    gather.take([{ ...first, times: Float64Array.of(2) }]);
    assert.equal(gather.flush()?.definitions.length, 0);
    gather.take([frameOf("b", ["one"], [3])]);
    assert.deepEqual(
      gather.flush()?.definitions.map(({ ref }) => ref),
      [2],
    );
    gather.take([first]);
    const next = gather.flush();
    assert.deepEqual([next?.isNewBook, next?.definitions.length], [true, 2]);
    gather.renew();
    gather.take([first]);
    assert.equal(gather.flush()?.isNewBook, true);
  });

  it("are left out and counted where there is no room, and taken again once there is", () => {
    const gather = new Gather(10);
    gather.take([
      frameOf("a", ["one"], [1, 2, 3, 4, 5, 6]),
      frameOf("b", ["one"], [1, 2, 3, 4, 5]),
    ]);
    assert.deepEqual(gather.stats, { waiting: 6, dropped: 5 });
    assert.equal(gather.flush()?.refs.length, 6);
    gather.take([frameOf("b", ["one"], [1, 2, 3, 4, 5])]);
    assert.deepEqual(gather.stats, { waiting: 5, dropped: 5 });
  });
});
