/** An installation with something of everything, made through the API of a real hub; and every answer it then gives. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HostView, IncidentView, MonitorView, NoticeView } from "@belfry/contract";
import { until, type Hub } from "../kit/hub.ts";

/** Others in the life of an installation: what it watches and what it sends to. All of it goes at the end. */
export interface Surroundings extends AsyncDisposable {
  /** Answers 200, below `/refuses` 400, and below `/throttles` 429 for an hour. */
  readonly url: string;
  readonly port: number;
}

/** Starts them on a free loopback port. */
export async function startSurroundings(): Promise<Surroundings> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith("/refuses") === true) response.statusCode = 400;
    if (request.url?.startsWith("/throttles") === true) {
      response.statusCode = 429;
      response.setHeader("retry-after", "3600");
    }
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Page<T> {
  readonly items: readonly T[];
}

/**
 * Fills it: monitors of several kinds, hosts with samples and details, jobs with runs, heartbeats with calls, rules,
 * channels, routes, silences, maintenance, incidents with comments, notices sent and waiting, keys, a session, series.
 * In the end everything is paused, so that nothing moves by itself, and this waits until nothing does.
 */
export async function fill(hub: Hub, others: Surroundings): Promise<void> {
  const channels = await makeChannels(hub, others);
  await makeSettings(hub, channels);
  await makeMonitors(hub, others);
  await sendHosts(hub);
  await sendJobs(hub);
  await makeHeartbeat(hub);
  await makeAccess(hub);
  await sendSeries(hub);
  await workOnIncidents(hub);
  await pauseAll(hub);
}

async function makeChannels(hub: Hub, { url }: Surroundings): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of ["reads", "throttles"]) {
    const { id } = await hub.ask<{ id: string }>("POST", "/api/v1/channels", {
      name,
      kind: "webhook",
      is_default: name === "reads",
      settings: { url: `${url}/${name}`, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    });
    ids.push(id);
  }
  return ids;
}

async function makeMonitors(hub: Hub, { url, port }: Surroundings): Promise<void> {
  const quick = { interval: 1, timeout: 1, judging: { down_after: 1 } };
  const create = (body: object) => hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
  const gate = await create({
    ...quick,
    name: "gate",
    kind: "tcp",
    settings: { host: "127.0.0.1", port },
  });
  await create({ ...quick, name: "shop ü 😀", url: `${url}/`, labels: { team: "core" } });
  await create({ ...quick, name: "broken", url: `${url}/refuses`, depends_on: [gate.id] });
  const labels = { team: "patient" };
  await create({
    ...quick,
    name: "closed",
    labels,
    kind: "tcp",
    settings: { host: "127.0.0.1", port: 9 },
  });
  const dns = { name: "localhost.", server: "127.0.0.1" };
  await create({ ...quick, name: "names", kind: "dns", settings: dns });
  await hub.ask("POST", "/targets", { name: "target", interval: 1, timeout: 1, url: `${url}/` });
  const once = await fetch(`${hub.url}/api/v1/monitors`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "made once" },
    body: JSON.stringify({ name: "made once", url, enabled: false }),
  });
  if (!once.ok) throw new Error(`a monitor: ${once.status} ${await once.text()}`);
}

async function sendHosts(hub: Hub): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  for (let n = 20; n > 0; n -= 1) {
    for (const hostname of ["web-1", "web-2"]) {
      const details = { system: { hostname, os: "Linux" } };
      const figures = { cpu: n, ram: 20 + n, disk: 97, disk_read: n, disk_write: 0, details };
      await hub.ask("POST", "/metrics", { hostname, timestamp: now - n * 5, ...figures });
    }
  }
}

async function sendJobs(hub: Hub): Promise<void> {
  const event = (run: string, kind: string, at: number, over: object = {}): object => ({
    idempotency_key: `${run}-${kind}`,
    site_id: "fab1",
    app: { app_id: null, name: "batch", version: "1.0" },
    entity: {
      type: run.startsWith("part") ? "subjob" : "job",
      id: run,
      parent_id: run.startsWith("part") ? "main" : null,
      business_key: "nightly",
      sub_key: run.startsWith("part") ? run : null,
    },
    event: {
      kind,
      at: new Date(Date.now() - 60_000 + at * 1000).toISOString(),
      status: kind === "finished" ? "succeeded" : "running",
      metrics: kind === "finished" ? { duration_s: at, mem_max_mb: 64.5 } : {},
      metadata: {},
      ...over,
    },
  });
  await hub.ask("POST", "/api/v1/events", [
    event("main", "started", 0),
    event("part-1", "started", 1),
    event("part-1", "finished", 9),
    event("main", "finished", 30),
    event("second", "started", 31),
    event("second", "finished", 40, { status: "failed", metadata: { error: "no space" } }),
  ]);
}

async function makeHeartbeat(hub: Hub): Promise<void> {
  const schedule = { kind: "cron", expression: "0 2 * * *", timezone: "Europe/Vienna" };
  const body = { name: "backup of the shop", kind: "heartbeat", settings: { schedule } };
  const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
  const { ping_url: url } = await hub.ask<{ ping_url: string }>("GET", `/api/v1/heartbeats/${id}`);
  for (const path of ["/start", "/log", "/3", ""]) {
    await fetch(`${url}${path}`, { method: "POST", body: `output of ${path}` });
  }
}

async function makeSettings(hub: Hub, [channel = "", busy = ""]: readonly string[]): Promise<void> {
  const team = (value: string) => [{ name: "team", value, is_regex: false, is_equal: true }];
  const matchers = team("core");
  const hour = 3_600_000;
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  await hub.ask("POST", "/api/v1/alert-routes", {
    name: "core team",
    matchers,
    channels: [channel],
    escalation: [{ after_seconds: 86_400, channels: [channel] }],
  });
  const patient = { name: "patient team", matchers: team("patient"), channels: [busy] };
  await hub.ask("POST", "/api/v1/alert-routes", patient);
  await hub.ask("POST", "/api/v1/silences", {
    matchers,
    ends_at: at(24 * hour),
    comment: "moving",
  });
  await hub.ask("POST", "/api/v1/maintenance", {
    name: "new disks",
    matchers,
    monitors: [],
    schedule: { kind: "once", starts_at: at(24 * hour), ends_at: at(48 * hour) },
  });
  await hub.ask("POST", "/api/v1/alert-rules", {
    name: "disk nearly full",
    severity: "critical",
    subject: "host",
    matchers: [],
    condition: {
      kind: "threshold",
      metric: { name: "belfry_host_disk_used_ratio", matchers: [] },
      aggregate: "last",
      operator: ">",
      value: 0.9,
      recover_value: 0.8,
    },
    for_seconds: 0,
    recovery_for_seconds: 0,
    labels: {},
  });
  await hub.ask("POST", "/api/v2/alerts", [
    {
      labels: { alertname: "TooMany", severity: "warning" },
      annotations: { summary: "from elsewhere" },
      startsAt: at(-60_000),
      endsAt: at(24 * hour),
      generatorURL: "http://prometheus.example/graph",
    },
  ]);
}

async function makeAccess(hub: Hub): Promise<void> {
  const made = await hub.ask<{ key: string }>("POST", "/api/v1/keys", {
    name: "ci",
    scopes: ["read"],
  });
  const { id } = await hub.ask<{ id: string }>("POST", "/api/v1/keys", {
    name: "old",
    scopes: ["ingest"],
  });
  await hub.ask("DELETE", `/api/v1/keys/${id}`);
  await hub.ask("POST", "/api/v1/session", { key: made.key });
}

async function sendSeries(hub: Hub): Promise<void> {
  const now = Date.now();
  // Of a day and a half: what is old is merged into blocks, what is new is not.
  const at = (n: number): number => now - n * 60_000;
  const lines = Array.from({ length: 2_000 }, (_, n) => `shop_orders{shop="a"} ${n / 3} ${at(n)}`);
  const answer = await fetch(`${hub.url}/api/v1/import/prometheus`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: `${lines.join("\n")}\n`,
  });
  if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
}

async function workOnIncidents(hub: Hub): Promise<void> {
  const open = () => hub.ask<Page<IncidentView>>("GET", "/api/v1/incidents?limit=100");
  const incidents = await until(
    "monitors, a heartbeat, a job, hosts and others ring",
    async () => {
      // The notice about it shall wait.
      const items = (await open()).items.filter(({ title }) => !title.startsWith("closed"));
      return items.length >= 5 && items;
    },
    60_000,
  );
  const [first, second, third] = incidents.map(({ id }) => `/api/v1/incidents/${id}`);
  await hub.ask("POST", `${first}/acknowledge`, {});
  await hub.ask("POST", `${first}/comments`, { text: "looked at it: <b>disk</b>" });
  await hub.ask("POST", `${second}/snooze`, { seconds: 86_400 });
  await hub.ask("POST", `${third}/resolve`, {});
  const states = async (): Promise<ReadonlySet<string>> => {
    const { items } = await hub.ask<Page<NoticeView>>("GET", "/api/v1/notices?limit=100");
    return new Set(items.map(({ state }) => state));
  };
  await until("notices are sent, and others wait", async () => {
    const found = await states();
    return found.has("sent") && found.has("waiting");
  });
}

async function pauseAll(hub: Hub): Promise<void> {
  const hosts = await hub.ask<Page<HostView>>("GET", "/api/v1/hosts?limit=100");
  for (const { id } of hosts.items)
    await hub.ask("PATCH", `/api/v1/hosts/${id}`, { enabled: false });
  const monitors = await hub.ask<Page<MonitorView>>("GET", "/api/v1/monitors?limit=100");
  for (const { id, kind } of monitors.items) {
    // Nobody expects a call before the night.
    if (kind === "heartbeat") continue;
    await hub.ask("PATCH", `/api/v1/monitors/${id}`, { enabled: false });
  }
}
