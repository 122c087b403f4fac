/** Every answer of a hub to a question: each GET route of its own description, with everything there is to ask about. */
import type { Hub } from "../kit/hub.ts";

/** Times of all questions, so that no answer depends on when it is asked. */
export interface Span {
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
}

/** The body of every answer, by what was asked; parsed where it is JSON. */
export type Answers = ReadonlyMap<string, unknown>;

/** What is not asked: streams, the pages, what a process tells of itself, and routes that change something. */
const leftOut: Readonly<Record<string, string>> = {
  "/api/v1/live": "a stream",
  "/v1/stream": "a stream",
  "/metrics": "figures of the process",
  "/health": "figures of the process",
  "/system": "figures of the machine",
  "/stats": "figures of the process",
  "/v1/health": "figures of the process",
  "/v1/healthz": "figures of the process",
  "/api/v2/status": "figures of the process",
  "/api/v1/fleet": "figures of the processes",
  "/api/v1/worker/monitors": "told to workers alone",
  "/incident-links/{incident}/{action}": "a page; what it shows is /api/v1/incidents/{id}",
  "/ping/{first}": "a call",
  "/ping/{first}/{second}": "a call",
  "/ping/{first}/{second}/{third}": "a call",
  "/api/push/{token}": "a call",
};

interface Items {
  readonly items: readonly {
    readonly id: string;
    readonly name?: string;
    readonly kind?: string;
  }[];
}

/** What there is to ask of the routes that need more than their path. */
type Asked = (hub: Hub, span: Span) => Promise<readonly string[]>;

const each =
  (list: string, path: string): Asked =>
  async (hub, { from, to }) => {
    const { items } = await hub.ask<Items>("GET", list);
    // As far ahead as nothing is decided by how soon it is asked.
    const later = new Date(Date.parse(to) + 3_600_000).toISOString();
    const filled = path.replace("{span}", `from=${from}&to=${to}`).replace("{later}", later);
    return items.map(({ id }) => filled.replace("{id}", id));
  };
const everySeries = encodeURIComponent('{__name__=~".+"}');
const monitors = "/api/v1/monitors?limit=100";
const hosts = "/api/v1/hosts?limit=100";
const incidents = "/api/v1/incidents?limit=100";

const asked: Readonly<Record<string, Asked>> = {
  "/api/v1/monitors/{id}": each(monitors, "/api/v1/monitors/{id}"),
  "/api/v1/monitors/{id}/history": each(
    monitors,
    "/api/v1/monitors/{id}/history?{span}&limit=1000",
  ),
  "/api/v1/monitors/{id}/locations": each(monitors, "/api/v1/monitors/{id}/locations"),
  "/api/v1/monitors/{id}/uptime": each(monitors, "/api/v1/monitors/{id}/uptime?{span}"),
  "/api/v1/monitors/summary": async (hub) => {
    // Of the hours until now: what is not paused has been watched for longer every time.
    const { items } = await hub.ask<Items>("GET", monitors);
    const paused = items.filter(({ kind }) => kind !== "heartbeat").map(({ id }) => id);
    return [`/api/v1/monitors/summary?hours=24&slots=1&ids=${paused.join()}`];
  },
  "/api/v1/heartbeats/{id}": each("/api/v1/monitors?kind=heartbeat", "/api/v1/heartbeats/{id}"),
  "/api/v1/heartbeats/{id}/pings": each(
    "/api/v1/monitors?kind=heartbeat",
    "/api/v1/heartbeats/{id}/pings",
  ),
  "/api/v1/hosts/{id}": each(hosts, "/api/v1/hosts/{id}"),
  "/api/v1/hosts/{id}/series": each(
    hosts,
    "/api/v1/hosts/{id}/series?name=belfry_host_cpu_ratio&{span}&step=10",
  ),
  "/api/v1/alert-rules/{id}": each("/api/v1/alert-rules", "/api/v1/alert-rules/{id}"),
  "/api/v1/jobs/{id}": each("/api/v1/jobs", "/api/v1/jobs/{id}"),
  "/api/v1/runs/{id}": each("/api/v1/runs", "/api/v1/runs/{id}"),
  "/api/v1/runs/{id}/events": each("/api/v1/runs", "/api/v1/runs/{id}/events"),
  "/api/v1/outputs/{name}/dead-letters": async (hub) => {
    const { items } = await hub.ask<Items>("GET", "/api/v1/outputs");
    return items.map(({ name }) => `/api/v1/outputs/${name}/dead-letters`);
  },
  "/api/v1/incidents/{id}": each(incidents, "/api/v1/incidents/{id}"),
  "/api/v1/incidents/{id}/timeline": each(incidents, "/api/v1/incidents/{id}/timeline"),
  "/api/v1/notices/{id}/deliveries": each(
    "/api/v1/notices?limit=100",
    "/api/v1/notices/{id}/deliveries",
  ),
  "/api/v1/alert-routes/{id}": each("/api/v1/alert-routes", "/api/v1/alert-routes/{id}"),
  "/api/v1/silences/{id}": each("/api/v1/silences", "/api/v1/silences/{id}"),
  "/api/v1/maintenance/{id}": each("/api/v1/maintenance", "/api/v1/maintenance/{id}"),
  "/api/v1/channels/{id}": each("/api/v1/channels", "/api/v1/channels/{id}"),
  "/api/v1/would-tell": each(monitors, "/api/v1/would-tell?monitor={id}&at={later}"),
  "/api/v1/series": async () => [`/api/v1/series?match=${everySeries}&limit=1000`],
  "/api/v1/series/range": async (_hub, { from, to }) =>
    ["&step=300", "&raw=true"].map(
      (how) => `/api/v1/series/range?match=${everySeries}&limit=1000&start=${from}&end=${to}${how}`,
    ),
  "/api/v2/silence/{id}": each("/api/v1/silences", "/api/v2/silence/{id}"),
  "/targets/{target_id}": async (hub) => {
    const targets = await hub.ask<readonly { readonly id: string | number }[]>("GET", "/targets");
    return targets.map(({ id }) => `/targets/${id}`);
  },
  "/data": async () => ["/data?hostname=web-1"],
  "/details": async () => ["/details?hostname=web-1"],
};

/** Members that say when they were asked for, or since when this process knows; by what the path begins with. */
const moving: Readonly<Record<string, readonly string[]>> = {
  // A monitor that is paused is so since the process began.
  "/api/v1/monitors": ["status_since"],
  "/api/v1/hosts": ["status_since", "starts_ms"],
  // Counted with each look; the first comes some seconds after the start.
  "/api/v1/alert-rules": ["cannot_tell"],
  // What rings ends a few minutes from now, said anew with every answer.
  "/api/v2/alerts": ["endsAt", "updatedAt"],
  // As of a heartbeat in /api/v1/monitors, which see below; the times of all others are compared there.
  "/targets": ["last_check"],
  // How long the answer took.
  "/v1/": ["duration_s"],
};

/** The answers without what moves by itself. */
export function still(answers: Answers): Readonly<Record<string, unknown>> {
  const kept = [...answers].map(([path, body]) => {
    const beginnings = Object.keys(moving).filter((beginning) => path.startsWith(beginning));
    const left = new Set(beginnings.flatMap((beginning) => moving[beginning] ?? []));
    const text = JSON.stringify(body, (key, value: unknown) => {
      if (left.has(key)) return undefined;
      // Slots of a chart that ends now: those without a value come and go at both ends.
      const isChart = path.startsWith("/api/v1/hosts/sparklines") && Array.isArray(value);
      if (isChart) return value.filter((one) => one !== null);
      return isHeartbeat(value) ? { ...value, last_check: null } : value;
    });
    return [path, JSON.parse(text)] as const;
  });
  return Object.fromEntries(kept);
}

/** What its calls come to is looked at when the process begins, and that is its last check. */
function isHeartbeat(value: unknown): value is object {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "heartbeat";
}

interface Description {
  readonly paths: Readonly<Record<string, { readonly get?: object }>>;
}

/** Asks everything. Throws for a route that nothing is said about: whoever adds one says how it is asked. */
export async function everyAnswer(hub: Hub, span: Span): Promise<Answers> {
  const { paths } = await hub.ask<Description>("GET", "/openapi.json");
  const answers = new Map<string, unknown>();
  for (const [path, { get }] of Object.entries(paths)) {
    if (get === undefined || leftOut[path] !== undefined) continue;
    const ask = asked[path];
    if (ask === undefined && path.includes("{")) throw new Error(`nothing says how to ask ${path}`);
    for (const one of (await ask?.(hub, span)) ?? [path]) {
      const answer = await fetch(hub.url + one);
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${one}: ${answer.status} ${text}`);
      const isJson = answer.headers.get("content-type")?.includes("json") === true;
      answers.set(one, isJson ? JSON.parse(text) : text);
    }
  }
  return answers;
}
