import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { alertmanagerBody } from "./alertmanager-body.ts";
import { uptimeKumaBody } from "./uptime-kuma-body.ts";

/** As a receiver reads it. */
function read(body: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
}

describe("a webhook in Alertmanager's form", () => {
  const firing = noticeOf();

  it("has the fields of version 4", () => {
    const body = read(alertmanagerBody(firing));
    const { alerts, groupKey, ...whole } = body;
    assert.match(String(groupKey), /^\{\}:\{incidents="[0-9a-f]{16}"\}$/);
    const labels = {
      team: "core",
      alertname: "BelfryIncident",
      severity: "critical",
      incident: firing.incidents[0]?.id,
    };
    const annotations = {
      summary: "api is down",
      description:
        "refused the connection\nTarget: https://example.org/\nSince: 2026-02-03 04:05:06 UTC\nfailures in a row: 2",
      target: "https://example.org/",
      affected: "1",
    };
    assert.deepEqual(whole, {
      version: "4",
      truncatedAlerts: 0,
      status: "firing",
      receiver: "belfry",
      groupLabels: {},
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: "https://belfry.example.org",
    });
    const [{ fingerprint, ...alert }] = alerts as [Record<string, unknown>];
    assert.match(String(fingerprint), /^[0-9a-f]{16}$/);
    assert.deepEqual(alert, {
      status: "firing",
      labels,
      annotations,
      startsAt: "2026-02-03T04:05:06.000Z",
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: firing.incidents[0]?.links?.page,
    });
  });

  it("has the same keys when it is over, and says when that was", () => {
    const before = read(alertmanagerBody(firing));
    const after = read(alertmanagerBody(resolvedOf(firing)));
    assert.equal(after["groupKey"], before["groupKey"]);
    assert.equal(after["status"], "resolved");
    const [was] = before["alerts"] as [Record<string, unknown>];
    const [is] = after["alerts"] as [Record<string, unknown>];
    assert.equal(is["fingerprint"], was["fingerprint"]);
    assert.equal(is["endsAt"], "2026-02-03T04:10:06.000Z");
  });

  it("fires while one of several does, and counts what is left out", () => {
    const incidents = [incidentOf(), incidentOf({ status: "resolved", resolvedAt: 1, title: "b" })];
    const body = read(alertmanagerBody(noticeOf({ incidents, more: 3 })));
    assert.equal(body["status"], "firing");
    assert.equal(body["truncatedAlerts"], 3);
    assert.deepEqual(body["commonLabels"], {
      team: "core",
      alertname: "BelfryIncident",
      severity: "critical",
    });
  });
});

describe("a webhook in Uptime Kuma's form", () => {
  it("has a heartbeat, a monitor and a message", () => {
    assert.deepEqual(read(uptimeKumaBody(noticeOf())), {
      heartbeat: {
        monitorID: "0190",
        status: 0,
        time: "2026-02-03 04:05:06.000",
        msg: "refused the connection",
        ping: null,
        important: true,
        duration: 0,
        retries: 0,
        timezone: "UTC",
        timezoneOffset: "+00:00",
        localDateTime: "2026-02-03 04:05:06",
      },
      monitor: {
        id: "0190",
        name: "api",
        type: "monitor",
        url: "https://example.org/",
        active: true,
        tags: [
          { name: "team", value: "core" },
          { name: "severity", value: "critical" },
        ],
      },
      msg: "[api] [🔴 Down] api is down: refused the connection",
    });
  });

  it("says when it is up again, and how long it was not", () => {
    const body = uptimeKumaBody(resolvedOf(noticeOf())) as {
      heartbeat: { status: number; duration: number };
      msg: string;
    };
    assert.deepEqual([body.heartbeat.status, body.heartbeat.duration], [1, 300]);
    assert.match(body.msg, /^\[api\] \[✅ Up\] api is up again/);
  });

  for (const { what, notice } of [
    { what: "a test", notice: noticeOf({ kind: "test", title: "This is a test", incidents: [] }) },
    {
      what: "a digest",
      notice: noticeOf({ kind: "digest", incidents: [incidentOf(), incidentOf()] }),
    },
  ]) {
    it(`of ${what} has only the message`, () => {
      const { heartbeat, monitor, msg } = read(uptimeKumaBody(notice));
      assert.deepEqual([heartbeat, monitor], [null, null]);
      assert.ok(String(msg).includes(notice.title));
    });
  }
});
