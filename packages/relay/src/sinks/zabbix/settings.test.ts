import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseZabbixSettings } from "./settings.ts";

function serverOf(zabbix_server?: string): unknown {
  const parsed = parseZabbixSettings(zabbix_server === undefined ? {} : { zabbix_server });
  return parsed.kind === "ok" ? parsed.value.server : parsed.problems[0]?.path;
}

describe("settings of zabbix", () => {
  for (const [text, expected] of [
    [undefined, { host: "localhost", port: 10051 }],
    ["http://localhost:10051", { host: "localhost", port: 10051 }],
    ["https://zabbix.example.org:10052/", { host: "zabbix.example.org", port: 10052 }],
    ["zabbix.example.org:10052", { host: "zabbix.example.org", port: 10052 }],
    ["zabbix.example.org", { host: "zabbix.example.org", port: 10051 }],
    ["[::1]:1", { host: "::1", port: 1 }],
    ["a:b:c", "zabbix_server"],
    ["http://user:word@a:1", "zabbix_server"],
    ["", "zabbix_server"],
    ["a:0", "zabbix_server"],
  ] as const) {
    it(`find a server in ${text ?? "nothing"}`, () => assert.deepEqual(serverOf(text), expected));
  }

  it("take no token as null", () => {
    assert.equal(parseZabbixSettings({ auth_token: null }).kind, "ok");
  });

  it("never show a shared key", () => {
    const psk = "deadbeef-is-no-key";
    const parsed = parseZabbixSettings({
      tls: "psk",
      psk_identity: "a",
      psk,
      auth_token: 77_889_911,
    });
    assert.equal(parsed.kind, "bad");
    assert.ok(!/deadbeef|77889911/.test(JSON.stringify(parsed)), JSON.stringify(parsed));
  });
});
