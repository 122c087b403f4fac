/**
 * Sink `zabbix` against a real Zabbix server, with its own database: values are in its history with the right time, its
 * low-level discovery makes the items that the sink then sends to, and what it does not take is told apart.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { JobEvent } from "@belfry/contract";
import { parse } from "yaml";
import type { EventSink, RecordDelivery } from "../../packages/relay/src/event-sink.ts";
import type { SinkRecord } from "../../packages/relay/src/sink-record.ts";
import { sinkParts } from "../../packages/relay/src/sinks/event-sink.contract.ts";
import { awkwardTexts, jobRecord } from "../../packages/relay/src/sinks/record.kit.ts";
import { zabbixKind } from "../../packages/relay/src/sinks/zabbix/kind.ts";
import { commandPath, until } from "../kit/hub.ts";
import { startZabbix, zabbixIsMissing, type Zabbix } from "../kit/zabbix.ts";

const missing = zabbixIsMissing();

/** What of the template the server itself reads: rules, and prototypes with their types. The rest is its web interface's. */
interface Template {
  readonly zabbix_export: {
    readonly templates: readonly {
      readonly discovery_rules: readonly {
        readonly key: string;
        readonly item_prototypes: readonly {
          readonly key: string;
          readonly value_type: "CHAR" | "FLOAT" | "TEXT";
        }[];
      }[];
    }[];
  };
}

const typeNames = { CHAR: "character", FLOAT: "float", TEXT: "text" } as const;
const templateFile = new URL("../../deploy/zabbix/belfry.yaml", import.meta.url);

/** Adds a host with the rules and prototypes of the template. */
async function addTemplatedHost(name: string): Promise<void> {
  const { zabbix_export: content } = parse(await readFile(templateFile, "utf8")) as Template;
  await zabbix.addHost(name);
  for (const rule of content.templates.flatMap((template) => template.discovery_rules)) {
    const types = rule.item_prototypes.map(({ key, value_type: type }) => [key, typeNames[type]]);
    await zabbix.addDiscovery(
      name,
      rule.key,
      Object.fromEntries(types) as Record<string, "character" | "float" | "text">,
    );
  }
}

let zabbix: Zabbix;
const resources = new AsyncDisposableStack();

before(async () => {
  if (missing === undefined) zabbix = resources.use(await startZabbix());
});
after(() => resources.disposeAsync());

function openSink(config: Readonly<Record<string, unknown>>): EventSink {
  const parsed = zabbixKind.parseSettings({ zabbix_server: zabbix.address, ...config });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return zabbixKind.create(parsed.value, sinkParts());
}

/** Delivers as the relay does, until nothing is to be tried again. */
async function deliver(
  sink: EventSink,
  records: readonly SinkRecord[],
  waitFor: readonly RecordDelivery["kind"][] = ["sent", "refused"],
): Promise<readonly RecordDelivery[]> {
  let left = records;
  const answers = new Map<string, RecordDelivery>();
  await until(
    "the server knows the items",
    async () => {
      const given = await sink.deliver(left, AbortSignal.timeout(10_000));
      for (const [i, record] of left.entries()) {
        const answer = given[i];
        if (answer !== undefined) answers.set(record.id, answer);
      }
      left = left.filter(({ id }) => !waitFor.includes(answers.get(id)?.kind ?? "retry"));
      return left.length === 0;
    },
    30_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)} ${JSON.stringify([...answers])}`);
  });
  return records.flatMap(({ id }) => answers.get(id) ?? []);
}

/** Waits for values to be in the history of an item, which the server writes a moment after it took them. */
function history(host: string, key: string, count: number) {
  return until(`${count} values of ${key}`, async () => {
    const kept = await zabbix.history(host, key);
    return kept !== undefined && kept.length >= count ? kept : undefined;
  });
}

const secondOf = (at: string): number => Math.floor(Date.parse(at) / 1000);
const millisecondOf = (at: string): number => Date.parse(at) % 1000;

describe("a real Zabbix server", { skip: missing ?? false, timeout: 120_000 }, () => {
  it("makes items of a job from prototypes, and has its values with their times", async () => {
    await addTemplatedHost("discovered");
    await using sink = openSink({ host: "discovered" });
    const times = [0, 1, 2].map((i) => new Date(Date.now() - 60_000 + i).toISOString());
    const [began = "", half = "", ended = ""] = times;
    const records = [
      jobRecord("run-1 a", {
        event: { kind: "started", at: began, status: "running", metrics: {} },
      }),
      jobRecord("run-1 b", {
        event: { kind: "progress", at: half, status: "running", metrics: { progress_pct: 12.5 } },
      }),
      jobRecord("run-1 c", {
        event: {
          at: ended,
          status: "failed",
          metrics: { duration_s: 0.002 },
          metadata: { error: "größe 🔔" },
        },
      }),
    ];
    const answers = await deliver(sink, records, ["sent"]);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["sent", "sent", "sent"],
    );
    const states = await history("discovered", "belfry.job.status[daily-batch]", 3);
    assert.deepEqual(
      states.map(({ value, clock, ns }) => [value, clock, Math.floor(ns / 1_000_000)]),
      ["running", "running", "failed"].map((value, i) => {
        const at = times[i] ?? "";
        return [value, secondOf(at), millisecondOf(at)];
      }),
    );
    const one = async (key: string) =>
      (await history("discovered", key, 1)).map(({ value }) => value);
    assert.deepEqual(await one("belfry.job.duration[daily-batch]"), ["0.002"]);
    assert.deepEqual(await one("belfry.job.progress[daily-batch]"), ["12.5"]);
    assert.deepEqual(await one("belfry.job.error[daily-batch]"), ["größe 🔔"]);
    assert.equal((await sink.health(AbortSignal.timeout(5_000))).status, "healthy");
  });

  it("takes names that are hard to quote by the keys its discovery made", async () => {
    await zabbix.addHost("awkward");
    await zabbix.addDiscovery("awkward", "belfry.jobs.discovery", {
      "belfry.job.status[{#JOB}]": "character",
    });
    await using sink = openSink({ host: "awkward", job_items: ["status"] });
    const names = [
      ...awkwardTexts,
      "a,b",
      "c]d",
      '"e"',
      " f",
      "[g",
      "h\\",
      "i,\\",
      '\\",',
      "{$J}",
      "{#K}",
      "x".repeat(400),
    ];
    const records = names.map((name, i) =>
      jobRecord(`awkward-${i}`, { entity: { business_key: name } }),
    );
    await deliver(sink, records, ["sent"]);
    assert.equal((await zabbix.items("awkward")).length, names.length);
  });

  it("has a place in the template for everything that can be sent", async () => {
    await addTemplatedHost("whole");
    const job_items = ["status", "duration", "progress", "error", "metrics", "event"];
    await using sink = openSink({ host: "whole", job_items });
    const subject = { id: "1", name: "shop, front", labels: {} };
    const common = { at: new Date().toISOString(), reason: null };
    const failed = {
      status: "failed",
      metrics: { duration_s: 1, progress_pct: 40, "rows [ok], all": 3 },
      metadata: { error: "x" },
    } as const;
    const records: readonly SinkRecord[] = [
      jobRecord("whole-1", { event: failed }),
      {
        ...common,
        id: "whole-2",
        kind: "check",
        monitor: { ...subject, kind: "http", target: "https://shop/" },
        result: "up",
        status: "up",
        latency_ms: 12.5,
        value: 13,
        location: "local",
      },
      {
        ...common,
        id: "whole-3",
        kind: "status",
        subject: { ...subject, kind: "host" },
        from: "up",
        to: "down",
      },
      { ...common, id: "whole-4", kind: "host", host: subject, figures: { load1: 2 } },
    ];
    const answers = await deliver(sink, records, ["sent"]);
    assert.deepEqual(new Set(answers.map(({ kind }) => kind)), new Set(["sent"]));
    const figures = await history("whole", 'belfry.host.figure["shop, front",load1]', 1);
    assert.equal(figures[0]?.value, "2");
    const metrics = await history("whole", 'belfry.job.metric[daily-batch,"rows [ok], all"]', 1);
    assert.equal(metrics[0]?.value, "3");
    const [event] = await history("whole", "belfry.job.event[daily-batch]", 1);
    assert.equal((JSON.parse(event?.value ?? "") as JobEvent).idempotency_key, "whole-1");
  });

  it("has a value once that is sent twice", async () => {
    await zabbix.addHost("twice");
    await zabbix.addItem("twice", "wafer.job.finished", "float");
    await zabbix.addItem("twice", "wafer.job.started", "float");
    const settings = { host: "twice", keys: "wafer" };
    const at = new Date().toISOString();
    const records = Array.from({ length: 20 }, (_, i) =>
      jobRecord(`twice-${i}`, { event: { at } }),
    );
    for (let i = 0; i < 2; i += 1) {
      await using sink = openSink(settings);
      await deliver(sink, records, ["sent"]);
    }
    await using sink = openSink(settings);
    await deliver(sink, [jobRecord("twice-last", { event: { kind: "started" } })], ["sent"]);
    await history("twice", "wafer.job.started", 1);
    assert.equal((await history("twice", "wafer.job.finished", 20)).length, 20);
  });

  it("refuses an item it does not know, and takes it once it was made and the cache synced", async () => {
    await zabbix.addHost("partly");
    await zabbix.addItem("partly", "belfry.job.status[known]", "character");
    await zabbix.addItem("partly", "belfry.job.status[elsewhere]", "character", "192.0.2.1");
    const record = (name: string, id = name) => jobRecord(id, { entity: { business_key: name } });
    const settings = { host: "partly", job_items: ["status"], discovery: false };
    await using sink = openSink(settings);
    await deliver(sink, [record("known")], ["sent"]);
    const first = await sink.deliver(
      [record("new"), record("known", "k2")],
      AbortSignal.timeout(5_000),
    );
    assert.deepEqual(
      first.map(({ kind }) => kind),
      ["retry", "sent"],
    );
    await zabbix.addItem("partly", "belfry.job.status[new]", "character");
    await deliver(sink, [record("new")], ["sent"]);
    assert.equal((await history("partly", "belfry.job.status[new]", 1)).length, 1);

    await using impatient = openSink({ ...settings, item_wait: 0 });
    const answers = await deliver(
      impatient,
      ["known", "nowhere", "elsewhere", "new"].map((name) => record(name, `${name} 3`)),
    );
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["sent", "refused", "refused", "sent"],
    );
  });

  it("says that a host is not there, and keeps its events", async () => {
    await using sink = openSink({ host: "nobody" });
    const [answer] = await sink.deliver([jobRecord("lost")], AbortSignal.timeout(5_000));
    assert.equal(answer?.kind, "misconfigured");
    const health = await sink.health(AbortSignal.timeout(5_000));
    assert.equal(health.status, "degraded");
  });

  it("is spoken to with a shared key", async () => {
    const key = "1f87b595725ac58dd977beef14b97461a7c1045b9a1c963065002c5473194952";
    await zabbix.addHost("shared", { kind: "psk", identity: "belfry 1", key });
    await zabbix.addItem("shared", "wafer.job.finished", "float");
    const settings = {
      host: "shared",
      keys: "wafer",
      tls: "psk",
      psk_identity: "belfry 1",
      psk: key,
    };
    await using sink = openSink(settings);
    await deliver(sink, [jobRecord("psk")], ["sent"]);
    const wrong = { tls: "none", psk_identity: "belfry 1", psk: "00".repeat(32) };
    for (const change of [{ tls: "none" }, { psk: wrong.psk }, { psk_identity: "nobody" }]) {
      await using other = openSink({ ...settings, ...change });
      const [answer] = await other.deliver([jobRecord("psk 2")], AbortSignal.timeout(5_000));
      assert.equal(answer?.kind, "misconfigured", JSON.stringify([change, answer]));
      assert.ok(!JSON.stringify(answer).includes(wrong.psk));
    }
  });

  it("is spoken to with certificates", async () => {
    await zabbix.addHost("certified", { kind: "cert" });
    await zabbix.addItem("certified", "wafer.job.finished", "float");
    const server = zabbix.address.replace("127.0.0.1", "localhost");
    const files = { tls: "cert", ...zabbix.certificates };
    const settings = { host: "certified", keys: "wafer", zabbix_server: server, ...files };
    await using sink = openSink(settings);
    await deliver(sink, [jobRecord("cert")], ["sent"]);
    for (const change of [
      { ca: files.cert },
      { zabbix_server: zabbix.address },
      { key: "/no/such" },
    ]) {
      await using other = openSink({ ...settings, ...change });
      const [answer] = await other.deliver([jobRecord("cert 2")], AbortSignal.timeout(5_000));
      assert.equal(answer?.kind, "misconfigured", JSON.stringify([change, answer]));
    }
    await using byNumber = openSink({
      ...settings,
      zabbix_server: zabbix.address,
      verify_host: false,
    });
    await deliver(byNumber, [jobRecord("cert 3")], ["sent"]);
  });

  it("gets what a sidecar was given, and the sidecar nothing else to keep", async () => {
    await addTemplatedHost("sidecar");
    await using stack = new AsyncDisposableStack();
    const spool = await mkdtemp(join(tmpdir(), "belfry-zabbix-spool-"));
    stack.defer(() => rm(spool, { recursive: true, force: true }));
    const config = { zabbix_server: `http://${zabbix.address}`, host: "sidecar" };
    const child = spawn(process.execPath, [commandPath, "sidecar", "--listen", "127.0.0.1:0"], {
      env: {
        PATH: process.env["PATH"],
        SPOOL_DIR: spool,
        INTEGRATIONS_CONFIG: JSON.stringify([{ type: "zabbix", name: "zabbix", config }]),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    stack.defer(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => void (output += chunk.toString()));
    }
    const url = await until("the sidecar listens", () => {
      if (child.exitCode !== null) throw new Error(output);
      return /listening on (http:\S+)/.exec(output)?.[1];
    });
    const events: readonly JobEvent[] = Array.from({ length: 30 }, (_, i) => {
      const at = new Date(Date.now() - 1_000 + i).toISOString();
      return jobRecord(`sidecar-${i}`, { event: { at, metrics: { duration_s: i } } }).event;
    });
    const response = await fetch(`${url}/v1/ingest/events:batch`, {
      method: "POST",
      body: JSON.stringify(events),
    });
    assert.ok(response.ok, await response.text());
    const kept = await until(
      `the durations are in the history: ${output}`,
      async () => {
        const found = await zabbix.history("sidecar", "belfry.job.duration[daily-batch]");
        return found?.length === events.length ? found : undefined;
      },
      // A server that does not know the host yet is asked again after a minute.
      100_000,
    );
    assert.deepEqual(
      kept.map(({ value }) => Number(value)),
      events.map((_, i) => i),
    );
  });
});
