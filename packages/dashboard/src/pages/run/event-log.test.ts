import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptEventView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { createEventLog } from "./event-log.ts";
import { eventOf, timeAt } from "./run.kit.ts";

/** Stands for the hub: gives events on pages; a cursor is a place. */
class Hub {
  readonly events: KeptEventView[] = [];
  readonly asked: (string | null)[] = [];
  isDown = false;

  add(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const place = this.events.length;
      this.events.push(
        eventOf("event", { idempotency_key: `${place}`, at: timeAt(place), metadata: { place } }),
      );
    }
  }

  readonly client: Pick<Client, "runEvents"> = {
    runEvents: (_id, { limit, cursor }) => {
      this.asked.push(cursor);
      if (this.isDown) {
        return Promise.resolve({ kind: "failed", failure: { kind: "unreachable" } });
      }
      const from = Number(cursor ?? 0);
      const items = this.events.slice(from, from + limit);
      const next_cursor = from + limit < this.events.length ? String(from + limit) : null;
      return Promise.resolve({ kind: "ok", value: { items, next_cursor } });
    },
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("reads all pages, then only the last one anew, and says each event once", async () => {
  const hub = new Hub();
  hub.add(450);
  using log = createEventLog("r", hub.client);
  await soon();
  assert.deepEqual(hub.asked, [null, "200", "400"]);
  assert.equal(log.events.value?.length, 450);
  hub.add(3);
  log.follow();
  log.follow();
  await soon();
  assert.deepEqual(
    hub.asked.slice(3),
    ["400", "400"],
    "what is asked meanwhile is read afterwards",
  );
  assert.equal(log.events.value?.length, 453);
  assert.equal(log.events.value?.at(-1)?.idempotency_key, "452");
  hub.events.splice(0, 10);
  log.refresh();
  await soon();
  assert.equal(log.events.value?.length, 443, "what is no longer kept is gone");
});

test("says when it cannot be read, and goes on once it can", async () => {
  const hub = new Hub();
  hub.isDown = true;
  using log = createEventLog("r", hub.client);
  await soon();
  assert.deepEqual([log.events.value, log.failed.value], [null, true]);
  hub.isDown = false;
  hub.add(1);
  log.follow();
  await soon();
  assert.deepEqual([log.events.value?.length, log.failed.value], [1, false]);
});
