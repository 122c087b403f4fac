import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createDirectDisk } from "@belfry/relay";
import type { WorkerOutcome } from "@belfry/contract";
import { until } from "../../../../test/kit/hub.ts";
import { HubRefusal } from "./hub-link.ts";
import { openOutbox, type OutboxParts } from "./outbox.ts";

const ignore = (): void => undefined;

function outcomeOf(slot: number): WorkerOutcome {
  return {
    monitor: "01890000-0000-7000-8000-000000000000",
    version: 1,
    slot,
    started_at: slot,
    ended_at: slot,
    found: { result: "unknown", reason: "own_network", message: "no way", duration_ms: 1 },
  };
}

/** A hub that takes what it is sent, once, unless `answer` throws. */
async function createPlace(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "belfry-outbox-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const hub = {
    taken: [] as number[],
    answer: (_slots: readonly number[]): void => undefined,
  };
  const troubles: string[] = [];
  const send: OutboxParts["send"] = async (outcomes) => {
    const slots = outcomes.map(({ slot }) => slot);
    hub.answer(slots);
    const fresh = slots.filter((slot) => !hub.taken.includes(slot));
    hub.taken.push(...fresh);
    const duplicates = slots.length - fresh.length;
    return Promise.resolve({ now: 0, taken: fresh.length, duplicates, refused: 0 });
  };
  const open = () =>
    openOutbox(
      { folder, quotaBytes: 0 },
      {
        disk: createDirectDisk(),
        log: { info: ignore, warn: ignore },
        clock: { now: Date.now, monotonicMs: () => performance.now() },
        sleep: (ms, signal) => sleep(ms, undefined, { signal }),
        random: () => 0,
        send,
        onTrouble: (_error, message) => void troubles.push(message),
      },
    );
  return { hub, open, troubles };
}

describe("outcomes of a worker", () => {
  it("are sent in their order", async (t) => {
    const { hub, open } = await createPlace(t);
    await using outbox = await open();
    outbox.start();
    await Promise.all([1, 2, 3].map((slot) => outbox.put(outcomeOf(slot))));
    await until("they are there", () => hub.taken.length === 3, 60_000);
    assert.deepEqual(hub.taken, [1, 2, 3]);
    await until("nothing waits", () => outbox.stats().waiting === 0, 60_000);
    assert.equal(outbox.stats().sent, 3);
  });

  it("wait on disk while the hub is away, also for the next process", async (t) => {
    const { hub, open, troubles } = await createPlace(t);
    let tries = 0;
    hub.answer = () => {
      tries += 1;
      throw new Error("nobody is there");
    };
    {
      await using outbox = await open();
      outbox.start();
      await outbox.put(outcomeOf(1));
      await outbox.put(outcomeOf(2));
      await until("it is tried again", () => tries > 1, 60_000);
      assert.equal(outbox.stats().waiting, 2);
    }
    assert.ok(troubles.includes("outcomes could not be sent; they wait on disk"));
    hub.answer = ignore;
    await using again = await open();
    again.start();
    await again.put(outcomeOf(3));
    await until("all are there", () => hub.taken.length === 3, 60_000);
    assert.deepEqual(hub.taken, [1, 2, 3]);
    assert.equal(again.stats().dropped, 0);
  });

  it("that the hub refuses for good are dropped and counted, and hold up no other", async (t) => {
    const { hub, open } = await createPlace(t);
    hub.answer = (slots) => {
      if (slots.includes(2)) throw new HubRefusal(422, "no", null);
    };
    await using outbox = await open();
    await Promise.all([1, 2, 3].map((slot) => outbox.put(outcomeOf(slot))));
    outbox.start();
    await until("the others are there", () => hub.taken.length === 2, 60_000);
    await until("nothing waits", () => outbox.stats().waiting === 0, 60_000);
    assert.deepEqual(hub.taken, [1, 3]);
    assert.equal(outbox.stats().dropped, 1);
  });

  it("wait while the key is refused: it may be mended", async (t) => {
    const { hub, open } = await createPlace(t);
    let tries = 0;
    hub.answer = () => {
      tries += 1;
      throw new HubRefusal(403, "no", null);
    };
    await using outbox = await open();
    outbox.start();
    await outbox.put(outcomeOf(1));
    await until("it is tried again", () => tries > 1, 60_000);
    assert.equal(outbox.stats().waiting, 1);
    hub.answer = ignore;
    await until("it is there", () => hub.taken.length === 1, 60_000);
  });
});
