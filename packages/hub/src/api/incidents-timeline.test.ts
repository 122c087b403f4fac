import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IncidentEntry, IncidentView, MonitorView } from "@belfry/contract";
import type { Frame } from "../model/series.ts";
import { downOutcome, openTestHub, upOutcome, type TestHub } from "./hub.kit.ts";
import { hostsOf, sendBatch } from "./hosts/batch.kit.ts";

const minuteMs = 60_000;

async function timelineOf(hub: TestHub): Promise<readonly IncidentEntry[]> {
  const { items } = (await hub.ask("GET", "/api/v1/incidents")).json<{ items: IncidentView[] }>();
  const [incident] = items;
  assert.ok(incident !== undefined);
  const answer = await hub.ask("GET", `/api/v1/incidents/${incident.id}/timeline`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<{ items: IncidentEntry[] }>().items;
}

async function create(hub: TestHub, body: object): Promise<string> {
  const answer = await hub.ask("POST", "/api/v1/monitors", {
    body: { judging: { down_after: 1 }, ...body },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<MonitorView>().id;
}

const of = (kind: IncidentEntry["kind"], items: readonly IncidentEntry[]): readonly string[] =>
  items.filter((entry) => entry.kind === kind).map(({ text }) => text);

/** A host's figures once a minute for seven hours, up to `until`; `cpuIdle` is the part of a second, by the minute. */
function hostFrame(
  source: string,
  until: number,
  figure: (minute: number) => { readonly idle: number; readonly free: number },
): Frame {
  const minutes = 420;
  const series = [
    { name: "node_cpu_seconds_total", labels: { cpu: "0", mode: "idle" } },
    { name: "node_memory_MemAvailable_bytes", labels: {} },
    { name: "node_memory_MemTotal_bytes", labels: {} },
  ];
  const values = new Float64Array(series.length * minutes);
  const times = new Float64Array(minutes);
  let idle = 0;
  for (let i = 0; i < minutes; i += 1) {
    const now = figure(i);
    idle += now.idle * 60;
    times[i] = until - (minutes - 1 - i) * minuteMs;
    values[i] = idle;
    values[minutes + i] = now.free * 16e9;
    values[2 * minutes + i] = 16e9;
  }
  return { source, series, times, values };
}

describe("the time line of an incident", () => {
  test("has edits and maintenance of those it is about, and snoozes of its own", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub, { name: "api", url: "https://example.org/" });
    await hub.check(id, upOutcome);
    hub.clock.move(60 * minuteMs);
    await create(hub, { name: "other", url: "https://example.com/" });
    await hub.ask("POST", "/api/v1/maintenance", {
      body: {
        name: "work",
        matchers: [],
        monitors: [id],
        schedule: {
          kind: "once",
          starts_at: new Date(hub.clock.now()).toISOString(),
          ends_at: new Date(hub.clock.now() + 2 * minuteMs).toISOString(),
        },
      },
    });
    await hub.pass(5 * minuteMs);
    await hub.check(id, downOutcome);
    const list = await hub.ask("GET", "/api/v1/incidents");
    const [incident] = list.json<{ items: IncidentView[] }>().items;
    await hub.ask("POST", `/api/v1/incidents/${incident?.id}/snooze`, { body: { seconds: 600 } });
    const items = await timelineOf(hub);
    assert.deepEqual(of("edit", items), ["create monitor other", "create maintenance work"]);
    assert.deepEqual(of("maintenance", items), [
      "expected to be down from now on",
      "maintenance is over",
    ]);
    const until = new Date(hub.clock.now() + 600_000).toISOString();
    assert.deepEqual(of("snoozed", items), [`nobody is told until ${until}`]);
    const times = items.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted(), "oldest first");
  });

  test("has runs of jobs that began shortly before, with their ends", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub, { name: "api", url: "https://example.org/" });
    await hub.check(id, upOutcome);
    hub.clock.move(60 * minuteMs);
    const event = (kind: string, minutes: number, more: object): object => ({
      site_id: "fab1",
      app: { name: "etl" },
      entity: { type: "job", id: "run-1", business_key: "Nightly" },
      event: { kind, at: new Date(hub.clock.now() + minutes * minuteMs).toISOString(), ...more },
    });
    const sent = await hub.ask("POST", "/v1/ingest/events:batch", {
      body: {
        events: [
          event("started", -10, { status: "running" }),
          event("finished", -8, { status: "failed" }),
        ],
      } as never,
    });
    assert.equal(sent.status, 200, sent.text);
    await hub.check(id, downOutcome);
    const items = await timelineOf(hub);
    const runs = items.filter(({ kind }) => kind === "run");
    assert.equal(runs[0]?.subject?.name, "Nightly");
    assert.match(of("run", items).join("; "), /^a run began; the run failed after \d+ s/);
  });

  test("has figures of the host it runs on that jumped, and none that did not", async (t) => {
    const hub = await openTestHub(t);
    hub.clock.move(8 * 60 * minuteMs);
    await sendBatch(hub);
    const [host] = await hostsOf(hub);
    const id = await create(hub, { name: "api", url: "http://web-1/" });
    await hub.check(id, upOutcome);
    // Ten minutes ago the processor became busy; memory moves as ever.
    const frame = hostFrame(`host:${host?.id}`, hub.clock.now() - 1, (minute) => ({
      idle: minute < 410 ? 0.9 - (minute % 3) * 0.01 : 0.02,
      free: 0.5 + (minute % 4) * 0.01,
    }));
    await hub.store.append([frame]);
    await hub.check(id, downOutcome);
    const items = await timelineOf(hub);
    assert.deepEqual(of("series", items), ["CPU in use rose to 98 %, 11 % before"]);
    const jump = items.find(({ kind }) => kind === "series");
    assert.deepEqual([jump?.subject?.kind, jump?.subject?.name], ["host", "web-1"]);
    const minutes = (hub.clock.now() - Date.parse(jump?.at ?? "")) / minuteMs;
    assert.ok(minutes > 8 && minutes < 12, `${minutes} minutes before`);
  });
});
