/** For tests: a real hub as a destination, with a key of its own; it can be killed, started again and stopped in its tracks. */
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHub, type Hub } from "../../../../../test/kit/hub.ts";
import type { EventSinkFixture } from "../event-sink.contract.ts";

/** The key it is started with; the right one for tests. */
export const rightKey = "a-key-that-is-right";
const wrongKey = "a-key-that-is-wrong";

/** Starts it. */
export async function createHubFixture(): Promise<EventSinkFixture> {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-sink-hub-"));
  let hub: Hub = await startKeyed(dataDir);
  const { url } = hub;
  const config = { base_url: url, key: rightKey };
  return {
    config,
    arrived: () => Promise.resolve(keysIn(dataDir)),
    away: {
      async begin() {
        await hub.end("SIGKILL");
      },
      async end() {
        hub = await startKeyed(dataDir, new URL(url).host);
      },
    },
    misconfigured: { config: { ...config, key: wrongKey }, secret: wrongKey },
    hang() {
      process.kill(hub.pid, "SIGSTOP");
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function startKeyed(dataDir: string, listen = "127.0.0.1:0"): Promise<Hub> {
  return startHub({
    dataDir,
    args: ["--listen", listen],
    env: { BELFRY_AUTH: "keys", BELFRY_ADMIN_KEY: rightKey, BELFRY_AGENT_ENABLED: "false" },
  });
}

/** Keys of the events on its disk by their time, as it shows them: it does not keep the order they came in. */
function keysIn(dataDir: string): readonly string[] {
  const database = new DatabaseSync(join(dataDir, "belfry.db"), { readOnly: true });
  try {
    const rows = database.prepare("select key, at from run_event").all();
    return rows
      .map(({ key, at }) => ({ key: String(key), at: Number(at) }))
      .toSorted((a, b) => a.at - b.at || inNumbers.compare(a.key, b.key))
      .map(({ key }) => key);
  } finally {
    database.close();
  }
}

/** For events of the same millisecond. */
const inNumbers = new Intl.Collator("en", { numeric: true });
