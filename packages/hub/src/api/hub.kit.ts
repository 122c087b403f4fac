/**
 * For tests: the API in front of the hub's real parts (SQLite in a folder of its own, board, judging, incidents, desk,
 * live events, check kinds). Only three things are not as in a running hub: time stands still until it is moved, checks
 * are made when a test says so with the outcome it names, and nothing listens.
 */
import type { Json } from "@belfry/contract";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Alerting } from "../alert/alerting.ts";
import { createAlerts, type Alerts, type AlertsParts } from "../alerts.ts";
import { CommitQueue } from "../commit-queue.ts";
import { Desk } from "../desk.ts";
import { HostDesk } from "../host-desk.ts";
import { eachByKind, type createHeartbeatPath, type HeartbeatPath } from "../heartbeats.ts";
import { createHosts, type Hosts } from "../ingest/hosts.ts";
import { parsePrometheusText } from "../ingest/prometheus-text.ts";
import { RemoteWriteReader } from "../ingest/remote-write.ts";
import { createSoloFleet } from "../fleet/port.ts";
import { createJobs, createRunReader } from "../jobs.ts";
import { createJudgingTable } from "../judge/judging.ts";
import { createBoard, type Board } from "../live/board.ts";
import { createLive, type Live } from "../live/live.ts";
import type { Scope } from "../model/access.ts";
import type { Clock } from "../model/clock.ts";
import { createMaintenance } from "../maintenance.ts";
import { followsHost } from "../model/host.ts";
import { createId, type MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Outcome } from "../model/outcome.ts";
import { createSignedLinks, newLinkSecret, type SignedLinks } from "../model/signed-links.ts";
import { channelKinds } from "../notify/channel-kinds.ts";
import { createPipeline, type Pipeline } from "../pipeline.ts";
import { openRules } from "../rule-path.ts";
import { createSchedule, Deadlines } from "../schedule/deadlines.ts";
import { createMetrics, type Metrics } from "../self/metrics.ts";
import { createStore } from "../store/open.ts";
import { storeKey } from "./access/key.kit.ts";
import { noOtherHubs } from "./access/other-hubs.ts";
import { assertDeclared } from "./answer.kit.ts";
import { openCalls, openKinds } from "./checked-parts.kit.ts";
import { createApi, type Api } from "./create-api.ts";
import { hostOf, hostView } from "./hosts/view.ts";
import type { ApiParts } from "./parts.ts";
import type { OutputStats } from "./output-port.ts";
import { defaultApiSettings, type ApiSettings } from "./settings.ts";
import { downOutcome, upOutcome } from "./outcome.kit.ts";
import { createTestClock, createTestLog, type TestClock } from "./test-clock.kit.ts";

export interface Ask {
  /** Bytes are sent as they are, text too, everything else as JSON. */
  readonly body?: Json | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body read as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface TestHub {
  readonly api: Api;
  readonly parts: ApiParts;
  readonly board: Board;
  readonly live: Live;
  readonly metrics: Metrics;
  readonly clock: TestClock;
  readonly hosts: Hosts;
  readonly store: ApiParts["store"];
  /** What was logged. */
  readonly logged: { readonly fields: object; readonly message: string }[];
  outputs: OutputStats;
  /** Asks the API and holds the answer against its schema. */
  ask(method: string, url: string, ask?: Ask): Promise<TestAnswer>;
  /** One check of a monitor with this outcome: judged, stored, shown. */
  check(id: string, outcome: Outcome): Promise<void>;
  /** Lets time pass for whoever has to be heard, second by second. */
  pass(ms: number): Promise<void>;
  /** Resolves when what was decided so far is stored and shown, incidents included. */
  settle(): Promise<void>;
  /** Stores a key and gives its text. */
  key(...scopes: readonly Scope[]): Promise<string>;
}

export { downOutcome, upOutcome };
export { startOfTime, type TestClock } from "./test-clock.kit.ts";

/** The store lives in the present, the tests do not: nothing is too old. */
const ages = 1e12;
const retention = { rawMs: ages, fiveMinutesMs: ages, hourMs: ages, maxBytes: null };

/** A folder of its own, and what ends with the test. */
async function openFolder(t: Pick<TestContext, "after">) {
  const folder = await mkdtemp(join(tmpdir(), "belfry-api-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  t.after(() => stack.disposeAsync());
  return { folder, stack };
}

/** What looks at samples and runs, listening. */
async function openRulesAndJobs(
  parts: Omit<Parameters<typeof createJobs>[0], "fleet" | "onEvent" | "onRuns" | "onRang"> &
    Omit<Parameters<typeof openRules>[0], "hosts" | "alerting" | "fleet"> & {
      readonly stack: AsyncDisposableStack;
    },
  watched: Pick<Parameters<typeof openRules>[0], "hosts" | "alerting">,
) {
  const rules = openRules({ ...parts, ...watched, fleet: createSoloFleet() });
  parts.stack.use(rules);
  await rules.load();
  const onEvent = (): void => undefined;
  const onRang = (): void => watched.alerting.wake();
  const fleet = createSoloFleet();
  const onRuns = rules.runsChanged;
  const jobs = createJobs({ ...parts, fleet, onEvent, onRuns, onRang }, parts.stack);
  return { rules, jobs, watch: jobs.listen() };
}

const noOutputs: Omit<ApiParts["outputs"], "counts"> = {
  status: () => ({ outputs: [], spool: null }),
  deadLetters: async () => undefined,
  replay: async () => undefined,
  deleteDead: async () => undefined,
};

const aloneSince = (startedAt: number): ApiParts["ownProcess"] => ({
  name: "test:1",
  location: "local",
  startedAt,
  figures: () => ({ monitors: 3, checksPerSecond: 1.5, lagSeconds: 0.25, cpu: 0.1, missed: 0 }),
});

/** Opens a hub that is closed when the test ends. */
export async function openTestHub(
  t: Pick<TestContext, "after">,
  settings: Partial<ApiSettings> = {},
  over: Partial<ApiParts> = {},
): Promise<TestHub> {
  const { folder, stack } = await openFolder(t);
  const clock = createTestClock();
  const log = createTestLog();
  const database = join(folder, "belfry.db");
  const store = stack.use(await createStore({ database, retention }, { log }));
  const metrics = stack.use(createMetrics("1.2.3"));
  const board = createBoard();
  const live = stack.use(createLive({ clock, board, readRuns: createRunReader(store, clock) }));
  const kinds = openKinds(clock, stack);
  const incidentLinks = createSignedLinks(newLinkSecret());
  const path = openPath({ clock, store, board, live, kinds, metrics, incidentLinks, stack });
  const watching = openHosts({ clock, store, board, live, metrics, stack }, path);
  const { rules, jobs, watch } = await openRulesAndJobs(
    { clock, log, metrics, store, board, live, stack },
    { ...watching, alerting: path.alerting },
  );
  const hub: { outputs: OutputStats } = { outputs: { waiting: 0, handedOver: 0, failed: 0 } };
  const parts: ApiParts = {
    clock,
    newId: createId,
    version: "1.2.3",
    log,
    board,
    desk: path.desk,
    ...watching,
    heartbeats: path.calls.heartbeats,
    locations: {
      take: (outcomes) => store.takeOutcomes(outcomes, clock.now()),
    },
    alertRules: rules.alertRules,
    ...jobs,
    kinds,
    channelKinds,
    channels: path.delivery,
    store,
    live,
    registry: metrics.registry,
    outputs: { ...noOutputs, counts: () => hub.outputs },
    fleet: createSoloFleet(),
    otherHubs: noOtherHubs,
    ownProcess: aloneSince(clock.now()),
    parseImport: parsePrometheusText,
    remoteWrite: new RemoteWriteReader(),
    ready: async () => ({ store: "ok" }),
    incidentDesk: path.alerting,
    incidentLinks,
    externalAlerts: path.alerts.external,
    foresight: path.alerts,
    acknowledge: (id, actor) => path.alerting.acknowledge(id, actor),
    system: null,
    pages: join(folder, "pages"),
    ...over,
  };
  const api = stack.use(
    await createApi({ ...defaultApiSettings, auth: "loopback", ...settings }, parts),
  );
  return Object.assign(hub, {
    api,
    parts,
    board,
    live,
    metrics,
    clock,
    hosts: watching.hosts,
    store,
    logged: log.lines,
    ask: (method: string, url: string, ask: Ask = {}) => askApi(api, method, url, ask),
    check: path.check,
    settle: path.settle,
    pass: (ms: number) => pass(ms, clock, path, () => watch.look()),
    key: (...scopes: readonly Scope[]) => storeKey(store, clock, scopes),
  });
}

/** Lets time go by, and whoever waits for it look each second. */
async function pass(ms: number, clock: TestClock, path: Path, look: () => unknown): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.move(1000);
    await path.deadlines.checkNow(createId<"monitor">(0));
    path.calls.watch.look();
    await path.maintenance.look();
    await look();
    if (passed % 5_000 === 0) await path.alerts.external.look();
  }
  await path.settle();
}

interface PathParts {
  readonly clock: Clock;
  readonly store: AlertsParts["store"] &
    ConstructorParameters<typeof Desk>[0]["store"] &
    Parameters<typeof createHeartbeatPath>[0]["store"] & {
      commit: ConstructorParameters<typeof CommitQueue>[1]["commit"];
    };
  readonly board: Board;
  readonly live: Live;
  readonly kinds: ApiParts["kinds"];
  readonly metrics: Metrics;
  readonly incidentLinks: SignedLinks;
  readonly stack: AsyncDisposableStack;
}

interface Path {
  readonly desk: Desk;
  readonly calls: HeartbeatPath;
  readonly deadlines: Deadlines;
  readonly maintenance: ReturnType<typeof createMaintenance>;
  readonly alerting: Alerting;
  readonly delivery: Alerts["delivery"];
  readonly alerts: Alerts;
  readonly check: (id: string, outcome: Outcome) => Promise<void>;
  readonly settle: () => Promise<void>;
}

/** What stores what was decided. */
function openDeciding({ clock, store, board, kinds, live, incidentLinks, stack }: PathParts): {
  readonly alerting: Alerting;
  readonly delivery: Alerts["delivery"];
  readonly alerts: Alerts;
  readonly commits: CommitQueue;
} {
  const alerts = stack.use(
    createAlerts({
      clock,
      store,
      board,
      kinds,
      channelKinds,
      random: Math.random,
      hostOf: ({ kind, settings }) => kinds.get(kind)?.hostOf(settings) ?? kind,
      publicUrl: "https://belfry.example.org",
      links: incidentLinks,
      userAgent: "Belfry/1.2.3",
      refuseAddress: () => undefined,
      onAttempt: () => undefined,
      onIncidents: (incidents) => live.incidentsChanged(incidents.map(({ id }) => id)),
      onError: failed,
    }),
  );
  const { alerting, delivery } = alerts;
  const commits = stack.use(
    new CommitQueue(
      { tickMs: 1, maxChecks: 1000 },
      {
        commit: (change) => store.commit(change),
        onError: failed,
        onDropped: failed,
        onCommitted: () => undefined,
      },
    ),
  );
  return { alerting, delivery, alerts, commits };
}

/** What lies behind the API, with the schedule replaced by the test. */
function openPath(parts: PathParts): Path {
  const { clock, store, board, live, kinds, stack } = parts;
  const { alerting, delivery, alerts, commits } = openDeciding(parts);
  const judging = createJudgingTable();
  let next: Outcome = upOutcome;
  const pipeline = openPipeline(parts, {
    check: () => Promise.resolve(next),
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    onTransition: () => alerting.wake(),
  });
  const checkNow = async (id: MonitorId): Promise<boolean> => {
    const entry = board.get(id);
    if (entry === undefined) return false;
    await pipeline.run(entry.monitor, new AbortController().signal);
    return true;
  };
  const deadlines = stack.use(
    new Deadlines({
      clock,
      conclude: (monitor, outcome) => pipeline.conclude(monitor, outcome, clock.now()),
    }),
  );
  const none = (): void => undefined;
  const judged = (id: MonitorId): JudgeState | undefined => judging.state(id);
  const conclude: Pipeline["conclude"] = (monitor, outcome, at) =>
    pipeline.conclude(monitor, outcome, at);
  const calls = openCalls({ clock, store, board, judged, conclude }, stack);
  const maintenance = createMaintenance({
    ...parts,
    judging,
    commits,
    onError: failed,
    holds: () => true,
  });
  const desk = new Desk({
    clock,
    store,
    board,
    judging,
    schedule: createSchedule({
      isPassive: ({ kind }) => kinds.get(kind)?.passive === true,
      deadlines: eachByKind(deadlines, calls.watch),
      scheduler: { add: none, addSpread: none, remove: none, checkNow },
    }),
    forget: (id) => pipeline.forget(id),
    flush: () => commits.flush(),
    check: () => Promise.resolve(next),
    closeIncident: (id, at) => alerting.close(id, at),
    onChanged(ids) {
      calls.heartbeats.changed([...ids.changed, ...ids.deleted]);
      maintenance.changed(ids.changed);
      live.monitorsChanged(ids);
    },
  });
  const settle = async (): Promise<void> => {
    await commits.flush();
    // Queued behind what was woken up.
    await alerting.close(createId<"monitor">(0), clock.now());
  };
  return {
    desk,
    calls,
    deadlines,
    maintenance,
    alerting,
    delivery,
    alerts,
    settle,
    async check(id, outcome) {
      next = outcome;
      await checkNow(id as MonitorId);
      await settle();
    },
  };
}

/** Nothing may go wrong in these tests unseen. */
function failed(error: unknown): never {
  throw error;
}

type PipelineParts = Parameters<typeof createPipeline>[0];

function openPipeline(
  { clock, board, live, kinds, metrics }: PathParts,
  rest: Pick<PipelineParts, "check" | "decide" | "enqueue"> & { readonly onTransition: () => void },
): Pipeline {
  return createPipeline({
    ...rest,
    clock,
    location: "local",
    targetOf: (monitor) => kinds.get(monitor.kind)?.targetOf(monitor.settings) ?? "",
    show: (id, state, check) => board.checked(id, state, check),
    onChecked(entry, outcome, transition) {
      if (transition !== null) rest.onTransition();
      if (followsHost(entry.monitor)) return live.hostStatusChanged(entry.monitor.id);
      const reason = outcome.result === "up" ? null : outcome.reason;
      const durationSeconds = outcome.durationMs / 1000;
      const { kind } = entry.monitor;
      metrics.checked({ kind, result: outcome.result, reason, durationSeconds });
      live.checked(entry);
    },
  });
}

type HostPathParts = Pick<PathParts, "clock" | "board" | "live" | "metrics" | "stack"> & {
  readonly store: Parameters<typeof createHosts>[1]["store"] &
    ConstructorParameters<typeof HostDesk>[0]["store"];
};

export const maxSeries = 500;

/** The path of what hosts send. */
function openHosts(
  { clock, store, board, live, metrics, stack }: HostPathParts,
  { desk, deadlines }: Path,
): { readonly hosts: Hosts; readonly hostDesk: HostDesk } {
  const monitor = (id: MonitorId) => board.get(id)?.monitor;
  const hosts = stack.use(
    createHosts(
      { maxSeries, postedRetentionMs: null },
      {
        clock,
        newId: createId,
        sha256,
        store,
        monitor,
        create: (host, own) => desk.createHost(host, own, "agent"),
        update: (own) => desk.update(own, false, "agent"),
        onHeard: (id) => deadlines.heard(id),
        onShown: (id) => live.hostShown(id),
        onTaken: (samples) => metrics.samplesTaken(samples),
        onError(error) {
          throw error;
        },
      },
    ),
  );
  metrics.watchSeriesLists(() => hosts.lists);
  live.watchHosts((id) => {
    const found = hostOf({ hosts, board }, id);
    return found === undefined ? undefined : hostView(found);
  });
  return { hosts, hostDesk: new HostDesk({ clock, desk, hosts, monitor, store }) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function askApi(api: Api, method: string, url: string, ask: Ask): Promise<TestAnswer> {
  const { body } = ask;
  const isPlain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const isJson = !isPlain;
  const text = isPlain ? body : JSON.stringify(body);
  const response = await api.app.inject({
    method: method as "GET",
    url,
    ...(text === undefined
      ? {}
      : { payload: text instanceof Uint8Array ? Buffer.from(text) : text }),
    headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...ask.headers },
    ...(ask.remoteAddress === undefined ? {} : { remoteAddress: ask.remoteAddress }),
  });
  const type = response.headers["content-type"];
  assertDeclared(api.routes, {
    method,
    url,
    status: response.statusCode,
    contentType: typeof type === "string" ? type : undefined,
    payload: response.payload,
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.payload,
    json: <T>() => JSON.parse(response.payload) as T,
  };
}
