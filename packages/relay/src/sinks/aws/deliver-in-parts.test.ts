import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { deliverInParts, partsWithin, type PartAnswer } from "./deliver-in-parts.ts";

const signal = AbortSignal.timeout(60_000);

describe("delivery in parts", () => {
  it("keeps every item, in order, in parts below the limits", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 40 }), (items, most) => {
        const parts = partsWithin(items, () => {
          let sum = 0;
          return (size) => (sum += size) <= most;
        });
        assert.deepEqual(parts.flat(), items);
        for (const [i, part] of parts.entries()) {
          const sum = part.reduce((all, size) => all + size, 0);
          assert.ok(part.length === 1 || sum <= most);
          const [next = 0] = parts[i + 1] ?? [];
          assert.ok(next === 0 || sum + next > most, "a part is not filled");
        }
      }),
    );
  });

  it("refuses what is invalid and nothing else, and tries nothing after an outage", async () => {
    const items = fc.array(fc.constantFrom("right", "wrong", "refused", "outage"), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 7 }), async (kinds, size) => {
        const records = kinds.map((kind, id) => ({ kind, id }));
        const taken: number[] = [];
        const send = (part: typeof records): Promise<PartAnswer> => {
          if (part.some(({ kind }) => kind === "wrong")) {
            return Promise.resolve({ kind: "invalid", why: "wrong" });
          }
          if (part.some(({ kind }) => kind === "outage")) {
            return Promise.resolve({ kind: "retry", why: "outage" });
          }
          const answers = part.map(({ kind, id }) => {
            if (kind === "refused") return { kind: "refused", why: "refused" } as const;
            taken.push(id);
            return { kind: "sent" } as const;
          });
          return Promise.resolve(answers);
        };
        const parts = partsWithin(records, () => {
          let count = 0;
          return () => ++count <= size;
        });
        const answers = await deliverInParts(parts, (part) => send([...part]), signal);
        assert.equal(answers.size, records.length);
        const found = records.map((record) => answers.get(record)?.kind);
        const tried = found.includes("retry") ? found.indexOf("retry") : found.length;
        assert.ok(found.slice(tried).every((kind) => kind === "retry"));
        for (const [i, record] of records.slice(0, tried).entries()) {
          assert.equal(found[i], record.kind === "right" ? "sent" : "refused");
        }
        assert.deepEqual(
          taken,
          records.flatMap(({ id }, i) => (found[i] === "sent" ? [id] : [])),
        );
      }),
    );
  });
});
