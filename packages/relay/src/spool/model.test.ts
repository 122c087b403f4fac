/** Random actions on a spool beside a model that is a list, and random damage to its files while it is closed. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Cursor } from "./cursor.ts";
import { idsOf, kitParts, openSmall, readAll, recordsOf, temporaryFolder } from "./spool.kit.ts";
import { segmentNumber } from "./segment.ts";
import type { Spool } from "./spool.ts";

const sinks = ["one", "two"] as const;
type Sink = (typeof sinks)[number];

type Action =
  | { readonly kind: "append"; readonly counts: readonly number[] }
  | { readonly kind: "repeat"; readonly pick: number }
  | { readonly kind: "read"; readonly sink: Sink; readonly maxRecords: number }
  | { readonly kind: "acknowledge"; readonly sink: Sink; readonly picks: readonly number[] }
  | { readonly kind: "rewind"; readonly sink: Sink }
  | { readonly kind: "flush" }
  | { readonly kind: "reopen" };

const sink = fc.constantFrom(...sinks);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      counts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  fc.record({ kind: fc.constant("repeat" as const), pick: fc.nat() }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      sink,
      maxRecords: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("acknowledge" as const),
      sink,
      picks: fc.array(fc.nat(), { maxLength: 20 }),
    }),
  },
  fc.record({ kind: fc.constant("rewind" as const), sink }),
  fc.constant({ kind: "flush" as const }),
  fc.constant({ kind: "reopen" as const }),
);

/** What a spool should hold: ids by sequence, and for each sink what it was given and acknowledged. */
class Model {
  readonly ids: string[] = [];
  readonly given = { one: new Set<number>(), two: new Set<number>() };
  readonly acknowledged = { one: new Set<number>(), two: new Set<number>() };

  left(name: Sink): number[] {
    return this.ids
      .map((_, i) => i + 1)
      .filter((sequence) => !this.acknowledged[name].has(sequence));
  }
}

class Subject {
  readonly model = new Model();
  readonly #folder: string;
  #spool: Spool | undefined;
  #cursors = new Map<Sink, Cursor>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get spool(): Spool {
    assert.ok(this.#spool !== undefined);
    return this.#spool;
  }

  cursor(name: Sink): Cursor {
    const cursor = this.#cursors.get(name);
    assert.ok(cursor !== undefined);
    return cursor;
  }

  async open(): Promise<void> {
    this.#spool = await openSmall(this.#folder, kitParts(), { cursorSaveMs: 60_000 });
    for (const name of sinks) {
      this.#cursors.set(name, await this.#spool.cursor(name, { from: "beginning" }));
      this.model.given[name].clear();
    }
  }

  async close(): Promise<void> {
    await this.#spool?.[Symbol.asyncDispose]();
  }

  async do(one: Action): Promise<void> {
    const { model } = this;
    switch (one.kind) {
      case "append": {
        // All at once: they share syncs, and keep their order.
        const groups = one.counts.map((count) => {
          const from = model.ids.length;
          const ids = Array.from({ length: count }, (_, i) => `id-${from + i}`);
          model.ids.push(...ids);
          return { from, answer: this.spool.append(recordsOf(...ids)) };
        });
        for (const { from, answer } of groups) {
          assert.deepEqual(await answer, { kind: "stored", firstSequence: from + 1, repeated: [] });
        }
        return;
      }
      case "repeat": {
        const id = model.ids[one.pick % Math.max(model.ids.length, 1)];
        if (id === undefined) return;
        const answer = await this.spool.append(recordsOf(id));
        assert.deepEqual(answer.kind === "stored" && answer.repeated, [0]);
        return;
      }
      case "read": {
        const records = await this.cursor(one.sink).read({
          maxRecords: one.maxRecords,
          maxBytes: 500,
        });
        const expected = model
          .left(one.sink)
          .filter((sequence) => !model.given[one.sink].has(sequence));
        const sequences = records.map(({ sequence }) => sequence);
        assert.deepEqual(sequences, expected.slice(0, records.length));
        assert.equal(records.length > 0, expected.length > 0);
        assert.deepEqual(
          idsOf(records),
          sequences.map((sequence) => model.ids[sequence - 1]),
        );
        for (const sequence of sequences) model.given[one.sink].add(sequence);
        return;
      }
      case "acknowledge": {
        const given = [...model.given[one.sink]];
        const some = one.picks.map((pick) => given[pick % Math.max(given.length, 1)] ?? 0);
        this.cursor(one.sink).acknowledge(some.filter((sequence) => sequence > 0));
        for (const sequence of some) if (sequence > 0) model.acknowledged[one.sink].add(sequence);
        assert.equal(this.cursor(one.sink).stats().depth, model.left(one.sink).length);
        return;
      }
      case "rewind":
        this.cursor(one.sink).rewind();
        model.given[one.sink].clear();
        return;
      case "flush":
        return this.spool.flush();
      case "reopen":
        await this.close();
        return this.open();
    }
  }
}

describe("random actions", () => {
  it("give what the model says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        using folder = temporaryFolder();
        const subject = new Subject(folder.path);
        await subject.open();
        for (const one of actions) await subject.do(one);
        await subject.do({ kind: "reopen" });
        for (const name of sinks) {
          const sequences = (await readAll(subject.cursor(name))).map(({ sequence }) => sequence);
          assert.deepEqual(sequences, subject.model.left(name));
        }
        await subject.close();
      }),
      { numRuns: 40 },
    );
  });
});

/** Sixty records in several segments, written and closed. */
async function filled(folder: string): Promise<string[]> {
  const ids = Array.from({ length: 60 }, (_, i) => `id-${String(i).padStart(3, "0")}`);
  await using spool = await openSmall(folder);
  await spool.cursor("sink", { from: "beginning" });
  for (const id of ids) await spool.append(recordsOf(id));
  return ids;
}

function segmentsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => segmentNumber(name) !== undefined)
    .map((name) => join(folder, name));
}

/** Opens what was spoiled, twice, and gives what is left; what is appended afterwards must come, too. */
async function leftOf(
  folder: string,
): Promise<{ ids: string[]; told: string[]; pieces: number; missing: number }> {
  const parts = kitParts();
  let pieces: number;
  {
    await using spool = await openSmall(folder, parts);
    pieces = spool.stats().damage.pieces;
    assert.equal((await spool.append(recordsOf("after"))).kind, "stored");
  }
  const again = kitParts();
  await using spool = await openSmall(folder, again);
  const cursor = await spool.cursor("sink", { from: "end" });
  const ids = idsOf(await readAll(cursor));
  assert.equal(ids.pop(), "after");
  assert.deepEqual(again.told, [], "what was repaired is not found a second time");
  cursor.acknowledge((await readAll(cursor)).map(({ sequence }) => sequence));
  assert.equal(cursor.stats().depth, ids.length + 1);
  return { ids, told: parts.told, pieces, missing: spool.stats().missing };
}

describe("a spool whose newest segment was cut at any byte", () => {
  it("has everything up to there", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (ratio) => {
        using folder = temporaryFolder();
        const all = await filled(folder.path);
        const last = segmentsIn(folder.path).at(-1) ?? "";
        const bytes = readFileSync(last);
        const cut = Math.floor(bytes.length * ratio);
        truncateSync(last, cut);
        const records =
          bytes
            .subarray(0, cut)
            .toString("latin1")
            .match(/\{"event":"id-\d{3}"\}/g) ?? [];
        const before = all.length - (bytes.toString("latin1").match(/\{"event"/g) ?? []).length;
        const { ids, told } = await leftOf(folder.path);
        assert.deepEqual(ids, all.slice(0, before + records.length));
        assert.deepEqual(told, []);
      }),
      { numRuns: 25 },
    );
  });
});

describe("a spool with a flipped byte", () => {
  it("loses the one record at most, sets it aside, counts and tells it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (pick, ratio, mask) => {
          using folder = temporaryFolder();
          const all = await filled(folder.path);
          const files = segmentsIn(folder.path);
          const file = files[pick % files.length] ?? "";
          const bytes = readFileSync(file);
          const at = Math.floor(bytes.length * ratio);
          // A version of 2 and above is refused as a whole: another test.
          if (at === 8) return;
          bytes[at] = (bytes[at] ?? 0) ^ mask;
          writeFileSync(file, bytes);
          const { ids, told, pieces, missing } = await leftOf(folder.path);
          const gone = all.filter((id) => !ids.includes(id));
          assert.deepEqual(
            ids,
            all.filter((id) => !gone.includes(id)),
          );
          assert.ok(gone.length <= 1);
          // The last record of all cannot be told from one that was never finished.
          const isTorn = gone[0] === all.at(-1);
          assert.equal(pieces, isTorn ? 0 : 1);
          assert.equal(missing, isTorn || gone.length === 0 ? 0 : 1);
          assert.deepEqual(told, isTorn ? [] : ["warn a damaged piece of the spool was set aside"]);
          assert.equal(readdirSync(join(folder.path)).includes("damaged"), !isTorn);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("while it is open loses the one record, and goes on behind it", async () => {
    for (const place of [0, 2]) {
      using folder = temporaryFolder();
      const parts = kitParts();
      const all = Array.from({ length: 60 }, (_, i) => `id-${String(i).padStart(3, "0")}`);
      await using spool = await openSmall(folder.path, parts);
      const cursor = await spool.cursor("sink", { from: "beginning" });
      for (const id of all) await spool.append(recordsOf(id));
      const file = segmentsIn(folder.path).at(place === 0 ? 0 : -1) ?? "";
      const bytes = readFileSync(file);
      const at = bytes.indexOf('{"event"', 200);
      bytes[at] = 0;
      writeFileSync(file, bytes);
      const lost = bytes.toString("latin1", at + 10, at + 16);
      const records = await readAll(cursor);
      assert.deepEqual(
        idsOf(records),
        all.filter((id) => id !== lost),
      );
      await spool.append(recordsOf("after"));
      assert.deepEqual(idsOf(await readAll(cursor)), ["after"]);
      cursor.acknowledge(records.map(({ sequence }) => sequence));
      assert.deepEqual(
        [cursor.stats().depth, spool.stats().missing, spool.stats().damage.pieces],
        [1, 1, 1],
      );
    }
  });
});
