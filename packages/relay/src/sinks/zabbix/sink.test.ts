import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import type { EventSink, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { jobRecord } from "../record.kit.ts";
import { zabbixKind } from "./kind.ts";
import { startZabbixTrapper, type ZabbixTrapper } from "./zabbix-trapper.kit.ts";

const host = "batch-server";
const secret = "a-token-that-nobody-reads";
const jobPrototypes = ["status", "duration", "progress", "error", "event"].map(
  (item) => `belfry.job.${item}[{#JOB}]`,
);

async function createFixture(): Promise<EventSinkFixture> {
  const trapper = await startZabbixTrapper(host);
  trapper.addRule("belfry.jobs.discovery", jobPrototypes);
  const config = { zabbix_server: trapper.address, host, job_items: ["status", "event"] };
  const refused = new Set<string>();
  trapper.refuse(
    ({ key, value }) => key.startsWith("belfry.job.event") && refused.has(idOf(value)),
  );
  return {
    config,
    arrived: () =>
      Promise.resolve(
        trapper.history
          .filter(({ key }) => key.startsWith("belfry.job.event"))
          .map(({ value }) => idOf(value)),
      ),
    away: trapper.away,
    refuse(ids) {
      for (const id of ids) refused.add(id);
      return Promise.resolve();
    },
    misconfigured: { config: { ...config, host: "another", auth_token: secret }, secret },
    hang: () => Promise.resolve(trapper.hang()),
    async [Symbol.asyncDispose]() {
      await trapper[Symbol.asyncDispose]();
      assert.deepEqual(trapper.violations, []);
    },
  };
}

function idOf(value: string): string {
  return (JSON.parse(value) as { idempotency_key: string }).idempotency_key;
}

eventSinkContract({
  kind: zabbixKind,
  createFixture,
  wrong: [
    {
      what: "an address with a path",
      config: { zabbix_server: "http://a/b" },
      path: "zabbix_server",
    },
    { what: "a port that is none", config: { zabbix_server: "a:70000" }, path: "zabbix_server" },
    { what: "a host without a name", config: { host: "" }, path: "host" },
    { what: "an item it does not know", config: { job_items: ["mood"] }, path: "job_items[0]" },
    { what: "keys without parameters", config: { job_key: [] }, path: "job_key" },
    { what: "messages without values", config: { batch: 0 }, path: "batch" },
    {
      what: "a shared key without its name",
      config: { tls: "psk", psk: "ab".repeat(16) },
      path: "psk_identity",
    },
    {
      what: "a short shared key",
      config: { tls: "psk", psk_identity: "a", psk: "abcd" },
      path: "psk",
    },
    {
      what: "certificates without a key",
      config: { tls: "cert", ca: "a", cert: "b" },
      path: "key",
    },
  ],
  knowsIds: true,
});

interface Open extends AsyncDisposable {
  readonly trapper: ZabbixTrapper;
  readonly sink: EventSink;
  readonly said: string[];
  deliver(...records: readonly SinkRecord[]): Promise<readonly RecordDelivery[]>;
  /** Moves the monotonic clock, ms. */
  pass(ms: number): void;
}

async function opened(config: Readonly<Record<string, unknown>> = {}): Promise<Open> {
  await using stack = new AsyncDisposableStack();
  const trapper = stack.use(await startZabbixTrapper(host));
  const parsed = zabbixKind.parseSettings({ zabbix_server: trapper.address, host, ...config });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  let passedMs = 0;
  const said: string[] = [];
  const parts: EventSinkParts = {
    ...sinkParts(said),
    clock: { now: Date.now, monotonicMs: () => performance.now() + passedMs },
  };
  const sink = stack.use(zabbixKind.create(parsed.value, parts));
  stack.defer(() => assert.deepEqual(trapper.violations, []));
  const kept = stack.move();
  return {
    trapper,
    sink,
    said,
    deliver: (...records) => sink.deliver(records, AbortSignal.timeout(10_000)),
    pass(ms) {
      passedMs += ms;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function kinds(answers: readonly RecordDelivery[]): string[] {
  return answers.map(({ kind }) => kind);
}

function valuesOf(trapper: ZabbixTrapper): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const { key, value } of trapper.history) (values[key] ??= []).push(value);
  return values;
}

const at = (ms: number): string => new Date(1_795_000_000_000 + ms).toISOString();

describe("zabbix: values", () => {
  it("tells a run by its status, duration, progress and error", async () => {
    await using open = await opened();
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    const events = [
      { kind: "started", status: "running", metrics: {} },
      { kind: "progress", status: "running", metrics: { progress_current: 1, progress_total: 4 } },
      { kind: "heartbeat", status: null, metrics: { duration_s: 3, progress_pct: 50 } },
      { kind: "metric", status: null, metrics: { rows: 3 } },
      { kind: "event", status: null, metrics: {} },
      {
        kind: "finished",
        status: "failed",
        metrics: { duration_s: 7.25 },
        metadata: { error: "no space" },
      },
    ] as const;
    const records = events.map((event, i) =>
      jobRecord(`run-${i}`, { event: { metadata: {}, ...event, at: at(i) } }),
    );
    assert.deepEqual(new Set(kinds(await open.deliver(...records))), new Set(["sent"]));
    assert.deepEqual(valuesOf(open.trapper), {
      "belfry.job.status[daily-batch]": ["running", "running", "running", "failed"],
      "belfry.job.duration[daily-batch]": ["7.25"],
      "belfry.job.progress[daily-batch]": ["25", "50"],
      "belfry.job.error[daily-batch]": ["no space"],
    });
  });

  it("announces a job once, with its app and site, and its metrics where they are asked for", async () => {
    await using open = await opened({ job_items: ["status", "metrics"], job_key: ["app", "job"] });
    const { trapper } = open;
    trapper.addRule("belfry.jobs.discovery", ["belfry.job.status[{#APP},{#JOB}]"]);
    trapper.addRule("belfry.metrics.discovery", ["belfry.job.metric[{#APP},{#JOB},{#METRIC}]"]);
    const change = { event: { metrics: { "rows, good": 3, duration_s: 1 } }, app: { name: "e]t" } };
    await open.deliver(jobRecord("a", change));
    await open.deliver(jobRecord("b", change));
    const sent = trapper.messages.flat().filter(({ key }) => key.endsWith(".discovery"));
    const macros = { "{#JOB}": "daily-batch", "{#APP}": "e]t", "{#SITE}": "fab1" };
    assert.deepEqual(
      sent.map(({ key, value }) => [key, JSON.parse(value)]),
      [
        ["belfry.jobs.discovery", [macros]],
        ["belfry.metrics.discovery", [{ ...macros, "{#METRIC}": "rows, good" }]],
      ],
    );
    assert.deepEqual(Object.keys(valuesOf(trapper)), [
      'belfry.job.status["e]t",daily-batch]',
      'belfry.job.metric["e]t",daily-batch,"rows, good"]',
    ]);
  });

  it("has the keys and values of the Monitoring Component where they are asked for", async () => {
    await using open = await opened({ keys: "wafer" });
    open.trapper.addItem("wafer.job.finished");
    open.trapper.addItem("wafer.sub_job_.started");
    const subjob = {
      entity: { type: "sub job!" },
      event: { kind: "started", metrics: {} },
    } as const;
    const answers = await open.deliver(jobRecord("a"), jobRecord("b", subjob));
    assert.deepEqual(kinds(answers), ["sent", "sent"]);
    assert.deepEqual(valuesOf(open.trapper), {
      "wafer.job.finished": ["1.5"],
      "wafer.sub_job_.started": ["1"],
    });
  });

  it("tells checks, states and figures of hosts", async () => {
    await using open = await opened();
    const { trapper } = open;
    trapper.addRule("belfry.checks.discovery", [
      "belfry.check.status[{#MONITOR}]",
      "belfry.check.latency[{#MONITOR}]",
    ]);
    trapper.addRule("belfry.hosts.discovery", ["belfry.host.status[{#HOST}]"]);
    trapper.addRule("belfry.figures.discovery", ["belfry.host.figure[{#HOST},{#FIGURE}]"]);
    const subject = { id: "1", name: "shop, front", labels: {} };
    const common = { id: "r", at: at(0), reason: null };
    const monitor = { ...subject, kind: "http", target: "https://shop/" };
    const answers = await open.deliver(
      {
        ...common,
        kind: "check",
        monitor,
        result: "up",
        status: "up",
        latency_ms: 12.5,
        value: 13,
        location: "local",
      },
      {
        ...common,
        id: "s",
        kind: "status",
        subject: { ...subject, kind: "monitor" },
        from: "up",
        to: "down",
      },
      {
        ...common,
        id: "t",
        kind: "status",
        subject: { ...subject, name: "web1", kind: "host" },
        from: "up",
        to: "down",
      },
      {
        ...common,
        id: "u",
        kind: "host",
        host: { ...subject, name: "web1" },
        figures: { cpu_ratio: 0.25, load1: 2 },
      },
    );
    assert.deepEqual(kinds(answers), ["sent", "sent", "sent", "sent"]);
    const values = valuesOf(trapper);
    assert.deepEqual(values['belfry.check.status["shop, front"]']?.toSorted(), ["down", "up"]);
    assert.deepEqual(values['belfry.check.latency["shop, front"]'], ["12.5"]);
    assert.deepEqual(values["belfry.host.status[web1]"], ["down"]);
    assert.deepEqual(values["belfry.host.figure[web1,cpu_ratio]"], ["0.25"]);
    assert.deepEqual(values["belfry.host.figure[web1,load1]"], ["2"]);
  });

  it("gives values of one item in one ms times of their own, in their order", async () => {
    await using open = await opened({ job_items: ["event"] });
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    const records = Array.from({ length: 40 }, (_, i) =>
      jobRecord(`n-${i}`, { event: { at: at(7) } }),
    );
    await open.deliver(...records);
    const { history } = open.trapper;
    assert.equal(history.length, 40);
    const times = history.map(({ ns }) => ns);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(times.every((ns) => Math.floor(ns / 1_000_000) === 7));
  });

  it("refuses a time that Zabbix cannot keep, and sends the others", async () => {
    await using open = await opened();
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    const late = { event: { at: "2040-01-01T00:00:00Z" } };
    const answers = await open.deliver(jobRecord("a"), jobRecord("b", late), jobRecord("c"));
    assert.deepEqual(kinds(answers), ["sent", "refused", "sent"]);
  });

  it("leaves out the metadata of an event that is too long", async () => {
    await using open = await opened({ job_items: ["event"] });
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    await open.deliver(jobRecord("a", { event: { metadata: { log: "x".repeat(70_000) } } }));
    const { event } = JSON.parse(open.trapper.history[0]?.value ?? "") as {
      event: { metadata: object };
    };
    assert.deepEqual(event.metadata, {});
  });
});

describe("zabbix: items that are not there", () => {
  it("waits for an item of a new job, and sends what was taken only once", async () => {
    await using open = await opened();
    const { trapper } = open;
    trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    await open.deliver(jobRecord("old"));
    trapper.syncAtOnce(false);
    const records = [
      jobRecord("a"),
      jobRecord("b", { entity: { business_key: "new" } }),
      jobRecord("c"),
    ];
    const answers = await open.deliver(...records);
    assert.deepEqual(kinds(answers), ["sent", "retry", "sent"]);
    const [, waiting] = answers;
    assert.ok(waiting?.kind === "retry" && waiting.afterMs === 5000);
    assert.match(waiting.why, /belfry\.job\.\w+\[new\]/);
    assert.deepEqual(
      kinds(await open.deliver(jobRecord("b", { entity: { business_key: "new" } }))),
      ["retry"],
    );
    trapper.sync();
    assert.deepEqual(
      kinds(await open.deliver(jobRecord("b", { entity: { business_key: "new" } }))),
      ["sent"],
    );
    const times = trapper.messages
      .flat()
      .filter(({ key }) => key === "belfry.job.status[daily-batch]");
    assert.equal(times.length, 3);
  });

  it("refuses after the wait, then at once, and takes the item as soon as it is there", async () => {
    await using open = await opened({ item_wait: 60 });
    const { trapper } = open;
    trapper.addRule("belfry.jobs.discovery", []);
    const record = jobRecord("a");
    assert.deepEqual(kinds(await open.deliver(record)), ["retry"]);
    open.pass(59_000);
    assert.deepEqual(kinds(await open.deliver(record)), ["retry"]);
    open.pass(1_500);
    const [refused] = await open.deliver(record);
    assert.equal(refused?.kind, "refused");
    assert.match(
      refused.kind === "refused" ? refused.why : "",
      /no item belfry\.job\.status\[daily-batch\]/,
    );
    assert.deepEqual(kinds(await open.deliver(jobRecord("b"))), ["refused"]);
    for (const key of jobPrototypes) trapper.addItem(key.replace("{#JOB}", "daily-batch"));
    assert.deepEqual(kinds(await open.deliver(jobRecord("c"))), ["sent"]);
  });

  it("keeps everything while nothing is taken for the host, whatever time passes", async () => {
    await using open = await opened({ item_wait: 1 });
    for (let i = 0; i < 3; i += 1) {
      const [answer] = await open.deliver(jobRecord("a"));
      assert.ok(answer?.kind === "misconfigured");
      assert.match(answer.why, /batch-server/);
      open.pass(3_600_000);
    }
    assert.equal((await open.sink.health(AbortSignal.timeout(5_000))).status, "degraded");
    assert.equal(open.said.filter((line) => line.includes("belfry.jobs.discovery")).length, 1);
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    assert.deepEqual(kinds(await open.deliver(jobRecord("a"))), ["sent"]);
    assert.equal((await open.sink.health(AbortSignal.timeout(5_000))).status, "healthy");
  });

  it("knows the host by a value it took before, where nothing is announced", async () => {
    await using open = await opened({ discovery: false, item_wait: 0, job_items: ["status"] });
    open.trapper.addItem("belfry.job.status[daily-batch]");
    await open.deliver(jobRecord("a"));
    const other = jobRecord("b", { entity: { business_key: "other" } });
    assert.deepEqual(kinds(await open.deliver(other)), ["refused"]);
    assert.equal(open.trapper.history.length, 1);
  });

  it("finds the refused among many", async () => {
    await using open = await opened({
      job_items: ["status"],
      batch: 64,
      discovery: false,
      item_wait: 0,
    });
    const names = Array.from({ length: 200 }, (_, i) => `job ${i}`);
    const missing = new Set([0, 1, 63, 64, 120, 199]);
    for (const [i, name] of names.entries())
      if (!missing.has(i)) open.trapper.addItem(`belfry.job.status[${name}]`);
    const records = names.map((name) => jobRecord(name, { entity: { business_key: name } }));
    const answers = await open.deliver(...records);
    assert.deepEqual(
      kinds(answers),
      names.map((_, i) => (missing.has(i) ? "refused" : "sent")),
    );
    assert.equal(open.trapper.history.length, 194);
    assert.ok(open.trapper.messages.every((values) => values.length <= 64));
    // Items it took go together: what is refused is looked for among the others only.
    const before = open.trapper.messages.length;
    await open.deliver(...records.map((record) => ({ ...record, id: `${record.id} again` })));
    assert.ok(open.trapper.messages.length - before <= 5);
  });

  it("waits for an item that was there before", async () => {
    await using open = await opened({ job_items: ["status"] });
    open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
    await open.deliver(jobRecord("a"));
    open.trapper.removeItem("belfry.job.status[daily-batch]");
    open.trapper.syncAtOnce(false);
    assert.deepEqual(kinds(await open.deliver(jobRecord("b"))), ["retry"]);
    open.trapper.addItem("belfry.job.status[daily-batch]");
    open.trapper.sync();
    assert.deepEqual(kinds(await open.deliver(jobRecord("b"))), ["sent"]);
  });
});

describe("zabbix: replies", () => {
  for (const form of ["compressed", "large", "large and compressed", "byte by byte"] as const) {
    it(`reads one that is ${form}`, async () => {
      await using open = await opened();
      open.trapper.addRule("belfry.jobs.discovery", jobPrototypes);
      open.trapper.form(form);
      assert.deepEqual(kinds(await open.deliver(jobRecord("a"))), ["sent"]);
    });
  }

  for (const { what, bytes, why } of [
    {
      what: "of another protocol",
      bytes: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
      why: /no frame of Zabbix/,
    },
    { what: "that ends early", bytes: Buffer.from("5a4258440105", "hex"), why: /ended before/ },
    {
      what: "without counts",
      bytes: framed('{"response":"success","info":"fine"}'),
      why: /counts nothing/,
    },
    {
      what: "that is no JSON",
      bytes: framed("processed: 1"),
      why: /not the one of a Zabbix trapper/,
    },
    {
      what: "of a length that is a lie",
      bytes: Buffer.from("5a42584401ffffffff00000000", "hex"),
      why: /above 1048576/,
    },
  ]) {
    it(`keeps events after one ${what}`, async () => {
      await using open = await opened();
      open.trapper.answerWith(bytes);
      const [answer] = await open.deliver(jobRecord("a"));
      assert.ok(answer?.kind === "retry");
      assert.match(answer.why, why);
    });
  }

  it("keeps events when none comes within the limit", async () => {
    await using open = await opened({ timeout: 0.1 });
    open.trapper.hang();
    const [answer] = await open.deliver(jobRecord("a"));
    assert.deepEqual(answer, { kind: "retry", why: "no answer within 100 ms" });
  });
});

describe("zabbix: settings that do not fit the server", () => {
  it("says that a token has no effect", async () => {
    await using open = await opened({ auth_token: secret });
    assert.equal(open.said.filter((line) => line.includes("auth_token")).length, 1);
    assert.ok(!open.said.join().includes(secret));
  });

  it("keeps events, and says so, when the server hangs up during the handshake", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.destroy()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const psk = "0123456789abcdef".repeat(4);
    const config = { tls: "psk", psk_identity: "a", psk, zabbix_server: `127.0.0.1:${port}` };
    await using open = await opened(config);
    const [answer] = await open.deliver(jobRecord("a"));
    server.close();
    assert.ok(answer?.kind === "misconfigured");
    assert.match(answer.why, /handshake/);
    assert.ok(!answer.why.includes(psk));
  });

  it("names the file that cannot be read", async () => {
    await using open = await opened({ tls: "cert", ca: "/no/such", cert: "/b", key: "/c" });
    const [answer] = await open.deliver(jobRecord("a"));
    assert.ok(answer?.kind === "misconfigured");
    assert.match(answer.why, /^ca cannot be read: ENOENT/);
  });
});

function framed(text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(13);
  header.write("ZBXD\u0001");
  header.writeUInt32LE(data.length, 5);
  return Buffer.concat([header, data]);
}
