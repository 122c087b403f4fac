/** Sentinel's variables, as they stand in somebody's environment: channels that ring, and go when the variables go. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ChannelTestView, ChannelView } from "@belfry/contract";
import { startHub, type Hub } from "../kit/hub.ts";

const channelsOf = async (hub: Hub): Promise<readonly ChannelView[]> =>
  (await hub.ask<{ items: ChannelView[] }>("GET", "/api/v1/channels")).items;

test("SLACK_WEBHOOK_URL is a channel for as long as it is set", async () => {
  await using stack = new AsyncDisposableStack();
  const taken: string[] = [];
  const server = createServer((request, response) => {
    taken.push(request.url ?? "");
    request.resume().on("end", () => response.end("ok"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => server.close().closeAllConnections());
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-environment-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const path = "/services/T0/B0/a-secret-of-slack";
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const env = { ALERT_PROVIDERS: "slack", SLACK_WEBHOOK_URL: url, BELFRY_AGENT_ENABLED: "false" };

  const first = await startHub({ dataDir, env });
  const [channel] = await channelsOf(first);
  assert.ok(channel !== undefined);
  assert.deepEqual(
    [channel.kind, channel.managed_by, channel.is_default, channel.settings["webhook_url"]],
    ["slack", "SLACK_WEBHOOK_URL", true, { set: true }],
  );
  const tested = await first.ask<ChannelTestView>("POST", `/api/v1/channels/${channel.id}/test`);
  assert.deepEqual([tested.result, taken], ["sent", [path]]);
  await assert.rejects(
    first.ask("DELETE", `/api/v1/channels/${channel.id}`),
    /409.*SLACK_WEBHOOK_URL/,
  );
  assert.ok(!first.output().includes("a-secret-of-slack"));
  await first.end("SIGTERM");

  await using second = await startHub({ dataDir, env: { BELFRY_AGENT_ENABLED: "false" } });
  assert.deepEqual(await channelsOf(second), []);
});
