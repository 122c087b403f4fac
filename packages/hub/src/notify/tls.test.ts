import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { certificate, testAuthority } from "../probe/probe.kit.ts";
import { openChannel } from "./channel.contract.ts";
import { noticeOf } from "./notice.kit.ts";
import { webhookKind } from "./webhook/kind.ts";

describe("a server of one's own", () => {
  const server = createServer(certificate("good"), (_request, response) => response.end());
  let url = "";
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  for (const { what, settings, expected } of [
    { what: "is not trusted by itself", settings: {}, expected: "misconfigured" },
    { what: "is trusted by its authority", settings: { ca: testAuthority() }, expected: "sent" },
    { what: "is taken as it is", settings: { verify_tls: false }, expected: "sent" },
  ]) {
    it(`${what} with ${JSON.stringify(Object.keys(settings))}`, async () => {
      await using channel = openChannel(webhookKind, { url, ...settings });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(10_000));
      assert.equal(result.kind, expected, JSON.stringify(result));
    });
  }
});
