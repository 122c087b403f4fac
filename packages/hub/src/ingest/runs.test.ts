import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TakenEvents, TakenVerdict } from "../model/job.ts";
import type { RunEvent } from "../model/run.ts";
import { createId } from "../model/id.ts";
import { createRuns, mostWaitingEvents, type EventResult, type StoredEvents } from "./runs.ts";

const event = { site_id: "s", app: {}, entity: { id: "r1" }, event: { kind: "started", at: 1 } };
const clock = { now: () => 2_000_000, monotonicMs: () => 0 };
const sha256 = (text: string): string => text;

const taken = (...verdicts: TakenVerdict[]): TakenEvents => ({
  verdicts,
  changed: [],
  rang: false,
  frames: [],
});

const told = { onStored: () => undefined, onCounted: () => undefined };

describe("the intake of events", () => {
  test("answers in the order of the events, and stores those that fit together", async () => {
    const stored: (readonly RunEvent[])[] = [];
    const takeEvents = async (events: readonly RunEvent[]): Promise<TakenEvents> => {
      stored.push(events);
      return taken("taken", "duplicate");
    };
    const runs = createRuns({ clock, sha256, store: { takeEvents }, ...told });
    const verdicts = await runs.take([1, event, {}, event]);
    assert.deepEqual(
      verdicts.map(({ kind }) => kind),
      ["refused", "taken", "refused", "duplicate"],
    );
    assert.deepEqual(
      stored.map((events) => events.length),
      [2],
    );
    await runs.take([1]);
    assert.equal(stored.length, 1);
  });

  test("refuses what is too much for a store that does not answer, until it does", async () => {
    const gate = Promise.withResolvers<TakenEvents>();
    const runs = createRuns({
      clock,
      sha256,
      store: { takeEvents: () => gate.promise },
      ...told,
    });
    const many = Array.from({ length: mostWaitingEvents }, () => event);
    const first = runs.take(many);
    await assert.rejects(runs.take([event]), { code: "unavailable" });
    assert.deepEqual(runs.queue, { depth: mostWaitingEvents, ageSeconds: 0, dropped: 1 });
    gate.resolve(taken(...many.map(() => "taken" as const)));
    await first;
    assert.equal((await runs.take([event])).length, 1);
    assert.equal(runs.queue.depth, 0);
  });

  test("tells what was new, and counts everything", async () => {
    const changed = [{ id: createId<"run">(1), parentId: null, jobIds: [] }];
    const stored: StoredEvents[] = [];
    const counts = new Map<EventResult, number>();
    let fails = false;
    const runs = createRuns({
      clock,
      sha256,
      store: {
        async takeEvents() {
          if (fails) throw new Error("away");
          return { verdicts: ["duplicate", "taken"], changed, rang: true, frames: [] };
        },
      },
      onStored: (one) => void stored.push(one),
      onCounted: (result, n) => void counts.set(result, (counts.get(result) ?? 0) + n),
    });
    await runs.take([event, 1, { ...event, idempotency_key: "new" }]);
    const [one] = stored;
    assert.deepEqual(
      one?.events.map(({ key }) => key),
      ["new"],
    );
    assert.deepEqual([one?.changed, one?.receivedAt, one?.rang], [changed, 2_000_000, true]);
    fails = true;
    await assert.rejects(runs.take([event]));
    const all = { refused: 1, duplicate: 1, taken: 1, unstored: 1 };
    assert.deepEqual(Object.fromEntries(counts), all);
    assert.equal(stored.length, 1);
  });
});
