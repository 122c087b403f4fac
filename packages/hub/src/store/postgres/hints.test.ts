/** Hints between two processes on a real PostgreSQL, and connections that are cut. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import type { HintTopic } from "../../model/fleet.ts";
import { noLog, retention } from "../contract/fixtures.ts";
import { hintPayload, parseHintPayload } from "../hint-payload.ts";
import { createStore } from "../open.ts";
import type { Store } from "../port.ts";
import type { Hint } from "../thread/messages.ts";
import { connectPostgres } from "./connection.ts";
import { HintReceiver, type HintTimes } from "./hints.ts";

let server: Postgres;

before(async () => {
  server = await startPostgres();
});
after(() => server[Symbol.asyncDispose]());

const open = (database: string): Promise<Store> =>
  createStore({ database, retention }, { log: noLog });

/** What was told, in order, and a way to wait for more of it. */
function createEar<T>() {
  const told: T[] = [];
  let wake = Promise.withResolvers<void>();
  return {
    told,
    hear(one: T) {
      told.push(one);
      wake.resolve();
      wake = Promise.withResolvers<void>();
    },
    /** Waits until one of what is told, from number `from` on, is like this; gives the number after it. */
    async until(isIt: (one: T) => boolean, from = 0): Promise<number> {
      const deadline = AbortSignal.timeout(60_000);
      for (;;) {
        const at = told.slice(from).findIndex(isIt);
        if (at >= 0) return from + at + 1;
        deadline.throwIfAborted();
        const { promise, reject } = Promise.withResolvers<never>();
        const give = (): void => reject(new Error(`only ${JSON.stringify(told)} was told`));
        deadline.addEventListener("abort", give, { once: true });
        await Promise.race([wake.promise, promise]).finally(() =>
          deadline.removeEventListener("abort", give),
        );
      }
    },
  };
}

function listen(store: Store) {
  const ear = createEar<readonly HintTopic[] | "lost" | "heard">();
  store.onHint((hint) => ear.hear(hint));
  return ear;
}

async function cutListeners(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`,
    );
  } finally {
    await client.end();
  }
}

const quick: HintTimes = {
  beatEveryMs: 50,
  echoWithinMs: 500,
  firstPauseMs: 10,
  longestPauseMs: 100,
};

/** A way to the server that can fall silent without a word, and be opened again. */
async function createWay(url: string) {
  const target = new URL(url);
  const { hostname, port } = target;
  const sockets = new Set<Socket>();
  let isSilent = false;
  const front = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("data", (data) => {
        if (!isSilent) other.write(data);
      });
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const address = front.address();
  assert.ok(typeof address === "object" && address !== null);
  target.port = String(address.port);
  return {
    url: target.href,
    setSilent(silent: boolean) {
      isSilent = silent;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, "close");
    },
  };
}

describe("hints", () => {
  test("reach every other process, and not the one that gives them", async () => {
    const url = await server.createDatabase();
    await using first = await open(url);
    await using second = await open(url);
    const ears = [listen(first), listen(second)] as const;
    for (const ear of ears) await ear.until((one) => one === "heard");
    await first.hint([]);
    await first.hint(["monitors", "policy"]);
    await second.hint(["shares"]);
    await ears[1].until((one) => one.includes("monitors"));
    await ears[0].until((one) => one.includes("shares"));
    assert.deepEqual(ears[1].told, ["heard", ["monitors", "policy"]]);
    assert.deepEqual(ears[0].told, ["heard", ["shares"]]);
  });

  test("are lost while the connection is cut, and heard again afterwards", async () => {
    const url = await server.createDatabase();
    await using first = await open(url);
    await using second = await open(url);
    const ear = listen(second);
    const heard = await ear.until((one) => one === "heard");
    await cutListeners(url);
    const lost = await ear.until((one) => one === "lost", heard);
    const again = await ear.until((one) => one === "heard", lost);
    await first.hint(["runs"]);
    await ear.until((one) => one.includes("runs"), again);
    assert.deepEqual(ear.told, ["heard", "lost", "heard", ["runs"]]);
  });

  test("are known to be lost when the connection falls silent without a word", async () => {
    const url = await server.createDatabase();
    await using way = await createWay(url);
    await using connection = await connectPostgres(url, 2);
    const ear = createEar<Hint>();
    await using _receiver = new HintReceiver({
      url: way.url,
      db: connection.db,
      tell: (hint) => ear.hear(hint),
      times: quick,
    });
    const heard = await ear.until((one) => one === "heard");
    way.setSilent(true);
    const lost = await ear.until((one) => one === "lost", heard);
    way.setSilent(false);
    await ear.until((one) => one === "heard", lost);
    assert.deepEqual(ear.told, ["heard", "lost", "heard"]);
  });

  test("carry who says them and what about; what is not known is passed over", () => {
    const payload = hintPayload("me", ["status", "keys"]);
    assert.deepEqual(parseHintPayload(payload), { sender: "me", topics: ["status", "keys"] });
    assert.deepEqual(parseHintPayload("me later status"), { sender: "me", topics: ["status"] });
    assert.deepEqual(parseHintPayload(""), { sender: "", topics: [] });
  });
});
