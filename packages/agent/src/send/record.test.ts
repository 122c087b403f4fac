import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readRecords, recordOf } from "./record.ts";
import type { Run } from "./run.ts";
import { hashOf } from "./series-list.ts";

const series = [
  { name: "a_total", labels: { device: "x" } },
  { name: "b", labels: {} },
];
const list = { hash: hashOf(series), series };

function runAt(time: number): Run {
  return { list, times: Float64Array.of(time), values: Float64Array.of(time, 0.5) };
}

/** Times of the runs in a file, and how much of it is damage. */
function found(file: Buffer): { times: number[]; damage: (readonly [number, number])[] } {
  const { runs, damage } = readRecords(file);
  return {
    times: runs.flatMap((run) => [...run.times]),
    damage: damage.map(({ from, to }) => [from, to] as const),
  };
}

const records = [
  recordOf(runAt(1), true, false),
  ...[2, 3, 4].map((t) => recordOf(runAt(t), false, false)),
];
const file = Buffer.concat(records);
const [first = 0, second = 0] = records.map((record) => record.length);

describe("records of the spool", () => {
  it("come back as they were, plain and packed", () => {
    assert.deepEqual(found(file), { times: [1, 2, 3, 4], damage: [] });
    const packed = Buffer.concat([recordOf(runAt(1), true, true), recordOf(runAt(2), true, true)]);
    const { runs } = readRecords(packed);
    assert.deepEqual(runs, [runAt(1), runAt(2)]);
  });

  it("end where the file is cut, wherever that is", () => {
    for (let size = 0; size < file.length; size += 1) {
      const { times, damage } = found(file.subarray(0, size));
      const ends = [0, 1, 2, 3].map((n) => first + n * second);
      const whole = ends.filter((end) => end <= size).length;
      assert.deepEqual(times, [1, 2, 3, 4].slice(0, whole));
      const end = whole === 0 ? 0 : (ends[whole - 1] ?? 0);
      assert.deepEqual(damage, end === size ? [] : [[end, size]], `cut at ${size}`);
    }
  });

  it("go on behind a damaged one", () => {
    const damaged = Buffer.from(file);
    damaged.writeUInt8((damaged[first + 40] ?? 0) ^ 1, first + 40);
    assert.deepEqual(found(damaged), { times: [1, 3, 4], damage: [[first, first + second]] });
    const length = Buffer.from(file);
    length.writeUInt32LE(0xffff_ffff, first + 4);
    assert.deepEqual(found(length), { times: [1, 3, 4], damage: [[first, first + second]] });
    const strange = Buffer.concat([Buffer.from("something else"), file]);
    assert.deepEqual(found(strange), { times: [1, 2, 3, 4], damage: [[0, 14]] });
  });

  it("are damage as long as their list is missing", () => {
    const rest = file.subarray(first);
    assert.deepEqual(found(rest), { times: [], damage: [[0, rest.length]] });
  });

  it("are read from any bytes without a throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(file.length), (noise, at) => {
        const bytes = Buffer.concat([file.subarray(0, at), noise, file.subarray(at)]);
        for (const { from, to } of readRecords(bytes).damage) assert.ok(from < to);
      }),
      { numRuns: 500 },
    );
  });
});
