import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeadLetterView, OutputsView } from "@belfry/contract";
import { openOutputs, parseOutput } from "@belfry/relay";
import { openTestHub } from "./hub.kit.ts";

/** A hub with one real output, `ops`, whose receiver refuses everything for good until it is told otherwise. */
async function createHubWithOutput(t: TestContext) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), "belfry-outputs-api-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const receiver = { refuses: true, taken: 0 };
  const server = createServer((request, response) => {
    request.resume();
    if (!receiver.refuses) receiver.taken += 1;
    response.writeHead(receiver.refuses ? 422 : 204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const parsed = parseOutput({
    type: "webhook",
    name: "ops",
    webhook_url: `http://127.0.0.1:${port}/`,
  });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  const ignore = (): void => undefined;
  const outputs = stack.use(
    await openOutputs(
      { outputs: [parsed.value], spoolFolder: folder, quotaBytes: 2 ** 28 },
      {
        log: { info: ignore, warn: ignore },
        clock: { now: Date.now, monotonicMs: () => performance.now() },
        sleep: (ms, signal) => sleep(ms, undefined, { signal }),
        random: () => 0.01,
        stdout: process.stdout,
      },
    ),
  );
  for (const id of ["a", "b", "c"]) {
    outputs.push("status", () => ({
      kind: "status",
      id,
      at: "2026-02-03T04:05:06.000Z",
      subject: { kind: "monitor", id: "1", name: "api", labels: {} },
      from: "up",
      to: "down",
      reason: "refused",
    }));
  }
  const counts = () => ({ waiting: 0, handedOver: 0, failed: 0 });
  const hub = await openTestHub(
    t,
    {},
    {
      outputs: {
        counts,
        status: () => outputs.status(),
        deadLetters: (name, page) => outputs.deadLetters(name, page),
        replay: (name, which) => outputs.replay(name, which),
        deleteDead: (name, which) => outputs.deleteDead(name, which),
      },
    },
  );
  await until(() => outputs.status().outputs[0]?.deadLetters === 3);
  return { hub, receiver };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("not within 10 s");
    await sleep(5);
  }
}

type Page = { items: DeadLetterView[]; next_cursor: string | null };

describe("/api/v1/outputs", () => {
  test("tells how each output is, and what it refused, page by page", async (t) => {
    const { hub } = await createHubWithOutput(t);
    const all = await hub.ask("GET", "/api/v1/outputs");
    assert.equal(all.status, 200);
    const [ops] = all.json<OutputsView>().items;
    assert.partialDeepStrictEqual(ops, {
      name: "ops",
      type: "webhook",
      trouble: null,
      delivered: 0,
      waiting: 0,
      dead_letters: 3,
    });
    const path = "/api/v1/outputs/ops/dead-letters";
    const first = (await hub.ask("GET", `${path}?limit=2`)).json<Page>();
    assert.deepEqual(
      first.items.map(({ id }) => id),
      ["a", "b"],
    );
    assert.partialDeepStrictEqual(first.items[0], {
      why: "HTTP 422",
      attempts: 1,
      record: { kind: "status", to: "down" },
    });
    const rest = (await hub.ask("GET", `${path}?cursor=${first.next_cursor}`)).json<Page>();
    assert.deepEqual([rest.items.map(({ id }) => id), rest.next_cursor], [["c"], null]);
  });

  test("sends dead letters again and deletes them, as chosen", async (t) => {
    const { hub, receiver } = await createHubWithOutput(t);
    const path = "/api/v1/outputs/ops/dead-letters";
    const { items } = (await hub.ask("GET", path)).json<Page>();
    receiver.refuses = false;
    const one = { sequences: [items[1]?.sequence ?? 0] };
    assert.deepEqual((await hub.ask("POST", `${path}/replay`, { body: one })).json(), { count: 1 });
    await until(() => receiver.taken === 1);
    const all = { sequences: "all" };
    assert.deepEqual((await hub.ask("POST", `${path}/delete`, { body: all })).json(), { count: 2 });
    assert.deepEqual((await hub.ask("GET", path)).json<Page>().items, []);
  });

  test("refuses what it does not know", async (t) => {
    const { hub } = await createHubWithOutput(t);
    const path = "/api/v1/outputs/nobody/dead-letters";
    assert.equal((await hub.ask("GET", path)).status, 404);
    const body = { sequences: "all" };
    assert.equal((await hub.ask("POST", `${path}/replay`, { body })).status, 404);
    const none = { sequences: [] };
    const ops = "/api/v1/outputs/ops/dead-letters";
    assert.equal((await hub.ask("POST", `${ops}/delete`, { body: none })).status, 422);
    assert.equal((await hub.ask("GET", `${ops}?cursor=x`)).status, 422);
  });
});
