import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Channel, Sent } from "../../model/channel-kind.ts";
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { statixKind } from "./kind.ts";
import { statixAlerts } from "./message.ts";
import { path, startStatix } from "./statix.kit.ts";

const wrongPath = "/hooks/a-wrong-address-of-a-receiver";

async function createFixture(): Promise<ChannelFixture> {
  const receiver = await startStatix();
  return {
    ...receiver,
    settings: { webhook_url: `${receiver.url}${path}` },
    wrong: { settings: { webhook_url: `${receiver.url}${wrongPath}` }, secret: wrongPath },
  };
}

channelContract({
  kind: statixKind,
  createFixture,
  invalid: [
    { what: "no address", settings: {}, path: "webhook_url" },
    { what: "an address that is none", settings: { webhook_url: "web-1" }, path: "webhook_url" },
    {
      what: "a cool-down below zero",
      settings: { webhook_url: "https://example.org/", cooldown_seconds: -1 },
      path: "cooldown_seconds",
    },
  ],
});

const at = Date.UTC(2026, 1, 3, 4, 5, 6, 789);
const seconds = Math.floor(at / 1000);
const facts = [
  { name: "value", value: "95.12 %" },
  { name: "limit", value: "90 %" },
  { name: "now", value: "97.5 %" },
];

function alertOf(over: Partial<NoticeIncident> = {}): NoticeIncident {
  const subjects = [{ kind: "host", id: "0190", name: "web-1", target: null }] as const;
  return incidentOf({ subjects, labels: { metric: "cpu" }, facts, ...over });
}

const alert = { hostname: "web-1", metric: "cpu", threshold: 90, timestamp: seconds };
const rows: readonly (readonly [what: string, Partial<Notice>, expected: readonly object[]])[] = [
  ["that it began", { incidents: [alertOf()] }, [{ ...alert, value: 95.12 }]],
  ["of memory", { incidents: [alertOf({ labels: { metric: "ram" } })] }, [{ metric: "ram" }]],
  ["that it lasts", { kind: "reminder", incidents: [alertOf()] }, [{ ...alert, value: 97.5 }]],
  [
    "nothing of what is below its threshold by then",
    { kind: "reminder", incidents: [alertOf({ facts: [...facts.slice(0, 2), of("now", "3 %")] })] },
    [],
  ],
  [
    "nothing of what nobody knows by then",
    { kind: "reminder", incidents: [alertOf({ facts: facts.slice(0, 2) })] },
    [],
  ],
  ["nothing of what somebody took", { kind: "acknowledged", incidents: [alertOf()] }, []],
  ["nothing of what is over", resolvedOf(noticeOf({ incidents: [alertOf()] })), []],
  [
    "each of several",
    { kind: "digest", incidents: [alertOf(), alertOf({ labels: { metric: "ram" } })] },
    [{ metric: "cpu" }, { metric: "ram" }],
  ],
  [
    "other incidents in the words there are",
    { incidents: [incidentOf()] },
    [{ hostname: "api", metric: "api is down: refused the connection", value: 0, threshold: 0 }],
  ],
  [
    "tests",
    { kind: "test", title: "This is a test", incidents: [] },
    [{ hostname: "Belfry", metric: "This is a test", value: 0, threshold: 0 }],
  ],
];

function of(name: string, value: string): NoticeIncident["facts"][number] {
  return { name, value };
}

describe("the Monitoring Stack's receiver is posted", () => {
  for (const [what, over, expected] of rows) {
    it(what, () => {
      const alerts = statixAlerts(noticeOf({ ...over, at }));
      assert.equal(alerts.length, expected.length, JSON.stringify(alerts));
      for (const [i, one] of expected.entries()) assert.partialDeepStrictEqual(alerts[i], one);
    });
  }
});

describe("the cool-down", () => {
  const send = (channel: Channel, over: Partial<Notice>): Promise<Sent> =>
    channel.send(noticeOf({ incidents: [alertOf()], at, ...over }), AbortSignal.timeout(5_000));

  it("is that of each host's metric, over incidents, and says what it left out", async () => {
    await using receiver = await startStatix();
    const settings = { webhook_url: `${receiver.url}${path}`, cooldown_seconds: 60 };
    await using channel = openChannel(statixKind, settings);
    await send(channel, {});
    const again = await send(channel, { at: at + 59_000 });
    assert.match(again.exchange.request, /within the cool-down/);
    await send(channel, { incidents: [alertOf({ labels: { metric: "ram" } })], at: at + 59_000 });
    const subjects = [{ kind: "host", id: "0191", name: "web-2", target: null }] as const;
    await send(channel, { incidents: [alertOf({ subjects })], at: at + 59_000 });
    await send(channel, { kind: "reminder", at: at + 60_000 });
    assert.deepEqual(
      receiver.bodies.map(({ hostname, metric, timestamp }) => [hostname, metric, timestamp]),
      [
        ["web-1", "cpu", seconds],
        ["web-1", "ram", seconds + 59],
        ["web-2", "cpu", seconds + 59],
        ["web-1", "cpu", seconds + 60],
      ],
    );
  });

  it("does not begin before the receiver took it, and what it took is not repeated", async () => {
    await using receiver = await startStatix();
    await using channel = openChannel(statixKind, { webhook_url: `${receiver.url}${path}` });
    receiver.behave({ kind: "error" });
    assert.equal((await send(channel, {})).result.kind, "retry");
    receiver.behave({ kind: "well" });
    await send(channel, {});
    const both = [alertOf(), alertOf({ labels: { metric: "ram" } })];
    await send(channel, { kind: "digest", incidents: both });
    assert.deepEqual(
      receiver.bodies.map(({ metric }) => metric),
      ["cpu", "ram"],
    );
  });
});
