import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Frame, SeriesKey } from "../../model/series.ts";
import { FramePacker, FrameUnpacker, sizeOf, transferablesOf } from "./frames.ts";

/** What a batch is after it went from one thread to another. */
function send(packer: FramePacker, frames: readonly Frame[]): ReturnType<FramePacker["pack"]> {
  const packed = packer.pack(frames);
  return structuredClone(packed, { transfer: transferablesOf(packed) });
}

const listOf = (count: number): readonly SeriesKey[] =>
  Array.from({ length: count }, (_, i) => ({ name: `series_${i}`, labels: { i: `${i}` } }));

const frameArbitrary = fc
  .record({
    source: fc.constantFrom("a", "b", "c"),
    list: fc.nat(3),
    times: fc.uniqueArray(fc.integer({ min: 0, max: 1e9 }), { maxLength: 4 }),
    seed: fc.double(),
    labelled: fc.option(fc.constantFrom("x", "y")),
    withPresent: fc.boolean(),
  })
  .map((one) => ({ ...one, times: one.times.toSorted((x, y) => x - y) }));

const lists = [listOf(0), listOf(1), listOf(3), listOf(3)];
const labels = { x: { host: "x" }, y: { host: "y" } };

describe("frames on their way to a thread", () => {
  test("arrive as they were, whatever came before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(frameArbitrary, { maxLength: 6 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        (batches, remembered) => {
          const packer = new FramePacker(remembered);
          const unpacker = new FrameUnpacker();
          for (const batch of batches) {
            const frames = batch.map((one): Frame => {
              const series = lists[one.list] ?? [];
              const size = series.length * one.times.length;
              return {
                source: one.source,
                series,
                times: Float64Array.from(one.times),
                values: Float64Array.from({ length: size }, (_, i) => one.seed * i),
                ...(one.withPresent ? { present: Uint8Array.from({ length: size }, () => 1) } : {}),
                ...(one.labelled === null ? {} : { sourceLabels: labels[one.labelled] }),
              };
            });
            assert.deepEqual(unpacker.unpack(send(packer, frames)), frames);
          }
        },
      ),
    );
  });

  test("of several sources share what is equal among their series", () => {
    const unpacker = new FrameUnpacker();
    const of = (source: string): Frame => ({
      source,
      series: listOf(3),
      times: Float64Array.of(1),
      values: new Float64Array(3),
    });
    const [a, b] = unpacker.unpack(send(new FramePacker(), [of("a"), of("b")]));
    assert.deepEqual(a?.series, listOf(3));
    for (const [i, key] of (a?.series ?? []).entries()) assert.equal(key, b?.series[i]);
  });

  test("name their series once, and give the same list every time", () => {
    const packer = new FramePacker();
    const unpacker = new FrameUnpacker();
    const series = listOf(2);
    const frame = (time: number): Frame => ({
      source: "a",
      series,
      times: Float64Array.of(time),
      values: Float64Array.of(1, 2),
    });
    const first = send(packer, [frame(1), frame(2)]);
    const second = send(packer, [frame(3)]);
    assert.equal(first.streams.length, 1);
    assert.equal(second.streams.length, 0);
    const [a, b] = unpacker.unpack(first);
    const [c] = unpacker.unpack(second);
    assert.equal(a?.series, b?.series);
    assert.equal(a?.series, c?.series);
    assert.equal(sizeOf(second), 4 * 4 + 8 + 16);
  });

  test("of a source whose list changed replace what was remembered", () => {
    const packer = new FramePacker();
    const unpacker = new FrameUnpacker();
    const frame = (series: readonly SeriesKey[]): Frame => ({
      source: "a",
      series,
      times: Float64Array.of(1),
      values: new Float64Array(series.length),
    });
    unpacker.unpack(send(packer, [frame(listOf(1))]));
    const changed = send(packer, [frame(listOf(2))]);
    assert.deepEqual(changed.forgotten, [0]);
    assert.equal(unpacker.unpack(changed)[0]?.series.length, 2);
  });

  test("are all named again after a batch got lost", () => {
    const packer = new FramePacker();
    const series = listOf(1);
    const frame = { source: "a", series, times: Float64Array.of(1), values: Float64Array.of(1) };
    packer.pack([frame]);
    packer.forgetAll();
    const unpacker = new FrameUnpacker();
    assert.equal(unpacker.unpack(send(packer, [frame])).length, 1);
  });
});
