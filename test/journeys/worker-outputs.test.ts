/** What a worker checks is handed on as what a hub checks: by its own outputs and its own remote write. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startHub, until } from "../kit/hub.ts";
import { startPostgres } from "../kit/postgres.ts";
import { startTarget } from "../kit/target.ts";

describe("a worker with outputs", () => {
  it("writes and sends what it found, beside a hub that checks nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "belfry-worker-outputs-"));
    let received = 0;
    const engine = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        received += 1;
        response.writeHead(204).end();
      });
    }).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const { port } = engine.address() as AddressInfo;
    try {
      await using postgres = await startPostgres();
      await using target = await startTarget();
      const args = ["--database", await postgres.createDatabase()];
      const path = join(folder, "results.log");
      const settings = {
        outputs: [{ type: "file", path, format: "{target_name} {result}" }],
        remote_write: [{ url: `http://127.0.0.1:${port}/api/v1/write` }],
      };
      await writeFile(join(folder, "belfry.yaml"), JSON.stringify(settings));
      await using hub = await startHub({ command: "hub", args: [...args, "--no-checks"] });
      await using worker = await startHub({ command: "worker", args, dataDir: folder });
      await hub.ask("POST", "/api/v1/monitors", { name: "m", url: target.url, interval: 1 });
      const limitMs = 60_000;
      await until("samples are sent", () => received > 0, limitMs);
      const text = (): Promise<string> => readFile(path, "utf8").catch(() => "");
      await until("results are written", async () => (await text()).includes("m "), limitMs);
      assert.match(await text(), /^m up$/m);
      assert.equal(await worker.end("SIGTERM"), 0);
    } finally {
      engine.close();
      engine.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
