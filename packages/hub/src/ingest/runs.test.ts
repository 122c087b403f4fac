import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TakenEvents, TakenVerdict } from "../model/job.ts";
import type { RunEvent } from "../model/run.ts";
import { createRuns, mostWaitingEvents } from "./runs.ts";

const event = { site_id: "s", app: {}, entity: { id: "r1" }, event: { kind: "started", at: 1 } };
const clock = { now: () => 2_000_000, monotonicMs: () => 0 };
const sha256 = (text: string): string => text;

const taken = (...verdicts: TakenVerdict[]): TakenEvents => ({ verdicts, changed: [] });

describe("the intake of events", () => {
  test("answers in the order of the events, and stores those that fit together", async () => {
    const stored: (readonly RunEvent[])[] = [];
    const takeEvents = async (events: readonly RunEvent[]): Promise<TakenEvents> => {
      stored.push(events);
      return taken("taken", "duplicate");
    };
    const runs = createRuns({ clock, sha256, store: { takeEvents } });
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
    const runs = createRuns({ clock, sha256, store: { takeEvents: () => gate.promise } });
    const many = Array.from({ length: mostWaitingEvents }, () => event);
    const first = runs.take(many);
    await assert.rejects(runs.take([event]), { code: "unavailable" });
    gate.resolve(taken(...many.map(() => "taken" as const)));
    await first;
    assert.equal((await runs.take([event])).length, 1);
  });
});
