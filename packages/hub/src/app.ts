/**
 * Builds the hub in a straight line and draws every arrow between its parts. Each part that has a life is handed to one
 * stack; stopping ends them last-in-first-out, and a start that fails half-way ends what was begun.
 */
import { createHash } from "node:crypto";
import type { RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import type { HostView } from "@belfry/contract";
import type { Alerting } from "./alert/alerting.ts";
import { createAddressGuard, createAlerts, type Alerts } from "./alerts.ts";
import { createApi } from "./api/create-api.ts";
import { hostOf, hostView } from "./api/hosts/view.ts";
import { openChecking, type Checking } from "./checking.ts";
import { ensureAdminKey } from "./command/admin-key.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Settings } from "./config/settings.ts";
import { Desk } from "./desk.ts";
import { HostDesk } from "./host-desk.ts";
import { openHubOutputs, type HubOutputs } from "./hub-outputs.ts";
import { createHeartbeatPath, eachByKind, takeUpHeartbeats } from "./heartbeats.ts";
import type { HeartbeatPath } from "./heartbeats.ts";
import { createHosts, type Hosts } from "./ingest/hosts.ts";
import { parsePrometheusText } from "./ingest/prometheus-text.ts";
import { RemoteWriteReader } from "./ingest/remote-write.ts";
import { createJobs, createRunReader } from "./jobs.ts";
import { createJudgingTable, type JudgingTable } from "./judge/judging.ts";
import { createBoard, type Board } from "./live/board.ts";
import { openDropInPorts } from "./drop-in-ports.ts";
import { listenOn, urlOf } from "./listen.ts";
import { createLive, type Live } from "./live/live.ts";
import { createMaintenance } from "./maintenance.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost } from "./model/host.ts";
import { createId, type HostId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import type { RunEvent } from "./model/run.ts";
import { createSignedLinks, linkSecretName, newLinkSecret } from "./model/signed-links.ts";
import type { SignedLinks } from "./model/signed-links.ts";
import { startTrends } from "./host-trends.ts";
import { keepManagedChannels } from "./managed-channels.ts";
import { channelKinds } from "./notify/channel-kinds.ts";
import { createNoticing, type Noticing } from "./noticing.ts";
import { startOwnAgent, type OwnAgent } from "./own-agent.ts";
import { keepOwnMonitor } from "./own-monitor.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import { createSchedule, Deadlines } from "./schedule/deadlines.ts";
import type { MaintenanceWatch } from "./schedule/maintenance-watch.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import type { Log } from "./self/log.ts";
import { createMetrics, type CountedCheck, type Metrics } from "./self/metrics.ts";
import { createStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";
import { openRemoteWriteOut, sendingOn, withDestinations } from "./remote-write-out.ts";
import { openRules, tapSamples } from "./rule-path.ts";
import { startUpkeep } from "./upkeep.ts";

export interface HubParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly stdout: NodeJS.WritableStream;
}

/** A hub that serves. Disposing stops it: running checks are aborted, what was decided is stored. */
export interface RunningHub extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** The file the first key was written to just now; null when there was no need. */
  readonly keyFile: string | null;
}

/** How long decisions are gathered before they are committed, in ms. */
const commitTickMs = 50;
/** How many decided checks may wait for a store that does not answer. */
const maxWaitingChecks = 50_000;

const pagesFolder = fileURLToPath(new URL("../../dashboard/dist", import.meta.url));

/** Starts a hub; rejects with an `AppError` that says why it cannot. */
export async function startHub(settings: Settings, parts: HubParts): Promise<RunningHub> {
  const { clock, log } = parts;
  await using stack = new AsyncDisposableStack();
  const metrics = stack.use(createMetrics(parts.version));
  // Nothing is stored before everything below is built.
  const remoteWrite = stack.use(await openRemoteWriteOut(settings, log, metrics.registry));
  const kept = sendingOn(stack.use(await createStore(settings, { log })), remoteWrite);
  const store = tapSamples(kept, (frames) => rules.runner.take(frames));
  const checking = openChecking(settings, parts, metrics, stack);
  const incidentLinks = createSignedLinks(await store.secret(linkSecretName, newLinkSecret()));
  const deciding = openDeciding(
    { settings, parts, store, checking, incidentLinks, metrics },
    stack,
  );
  const { board, commits, alerting, noticing } = deciding;
  const outputs = stack.use(await openHubOutputs(settings, parts, metrics));
  const path = openPath({ settings, parts, store, checking, deciding, outputs, metrics }, stack);
  const watching = openHosts({ settings, parts, store, deciding, path, outputs, metrics }, stack);

  const rules = openRules({ clock, log, metrics, store, board, hosts: watching.hosts, alerting });
  stack.use(rules.runner);

  const keyFile = await ensureAdminKey(settings, { clock, newId: createId, keys: store });
  const aliveAt = await takeUp(store, deciding, clock);
  await takeUpHeartbeats(store, path.calls, board);
  await takeUpHosts(store, watching.hosts);
  await rules.load();
  await noticing.load();
  await keepManagedChannels(settings.channels, { clock, store });
  await takeUpAlerts(store, deciding);
  const own = openOwnAgent(settings, parts, watching.hosts, stack);
  const { live } = deciding;
  const onEvent = (event: RunEvent): void => outputs.eventTaken(event);
  const onRuns = rules.runsChanged;
  const onRang = (): void => alerting.wake();
  const jobs = createJobs({ clock, log, store, live, metrics, onEvent, onRuns, onRang });
  const api = stack.use(
    await createApi(settings, {
      clock,
      newId: createId,
      version: parts.version,
      log,
      board,
      desk: path.desk,
      ...watching,
      heartbeats: path.calls.heartbeats,
      ...jobs,
      alertRules: rules.alertRules,
      kinds: checking.kinds,
      channelKinds,
      channels: deciding.alerts.delivery,
      store,
      live,
      registry: metrics.registry,
      outputs: withDestinations(outputs, remoteWrite),
      parseImport: parsePrometheusText,
      remoteWrite: new RemoteWriteReader(),
      ready: () => readiness(store, commits),
      incidentDesk: alerting,
      incidentLinks,
      externalAlerts: deciding.alerts.external,
      foresight: deciding.alerts,
      acknowledge: (id, actor) => alerting.acknowledge(id, actor),
      system: own === null ? null : () => own.system(),
      pages: pagesFolder,
    }),
  );
  const url = urlOf(
    await listenOn(settings.listen, (at) => api.app.listen({ ...at })),
    settings.listen,
  );
  const handle: RequestListener = (request, response) => api.app.routing(request, response);
  if (settings.dropInPorts) await openDropInPorts(settings.listen.host, { own, handle }, stack);
  const runWatch = stack.use(jobs.listen());
  rules.runner.start();
  await path.maintenance.start();
  deciding.alerts.external.start();
  path.schedule.addAll(enabledMonitors(board));
  path.calls.watch.start(aliveAt);
  await noticing.watchSelf({ settings, checking, commits, outputs, runWatch, ...path });
  stack.use(startTrends(watching.hosts, log));
  stack.use(
    startUpkeep({
      clock,
      touchAlive: (at) => store.touchAlive(at),
      maintain: (now) => store.maintain(now),
      onError: (err, duty) => log.error({ err, duty }, "a duty failed; it is done again later"),
    }),
  );
  const { desk } = path;
  await keepOwnMonitor(url, aliveAt === undefined, { clock, board, desk, kinds: checking.kinds });
  const running = stack.move();
  return { url, keyFile, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface PathParts {
  readonly settings: Settings;
  readonly parts: HubParts;
  readonly store: Store;
  readonly checking: Checking;
  readonly deciding: Deciding;
  readonly outputs: HubOutputs;
  readonly metrics: Metrics;
}

interface Path {
  readonly schedule: ReturnType<typeof createSchedule>;
  readonly deadlines: Deadlines;
  readonly desk: Desk;
  readonly calls: HeartbeatPath;
  readonly maintenance: MaintenanceWatch;
}

/** The path of a check from the schedule to whoever shows it, and the desk where people change monitors. */
function openPath(path: PathParts, stack: AsyncDisposableStack): Path {
  const { settings, parts, store, checking, deciding, metrics } = path;
  const { clock } = parts;
  const { board, judging, live, alerting, commits } = deciding;
  const pipeline = openPipeline(path);
  const scheduler = stack.use(
    new Scheduler(settings.checks, {
      clock,
      run: (monitor, signal) => pipeline.run(monitor, signal),
      hostOf: checking.hostOf,
      onStart(lagSeconds) {
        metrics.started(lagSeconds);
        deciding.noticing.started(lagSeconds);
      },
      onSkip: (cause, count) => metrics.skipped(cause, count),
    }),
  );
  metrics.watchChecks(() => ({ running: scheduler.running, waiting: scheduler.waiting }));
  const deadlines = stack.use(
    new Deadlines({
      clock,
      conclude: (monitor, outcome) => pipeline.conclude(monitor, outcome, clock.now()),
    }),
  );
  const isPassive = ({ kind }: Monitor): boolean => checking.kinds.get(kind)?.passive === true;
  const calls = createHeartbeatPath({
    clock,
    log: parts.log,
    store,
    board,
    judged: (id) => judging.state(id),
    conclude: (monitor, outcome, at) => pipeline.conclude(monitor, outcome, at),
  });
  stack.use(calls.watch);
  metrics.watchQueue("heartbeats", () => calls.heartbeats.queue);
  const onError = (err: unknown): void =>
    parts.log.error({ err }, "maintenance windows could not be read; those that are known count");
  const maintenance = stack.use(createMaintenance({ ...deciding, clock, store, onError }));
  const heard = eachByKind(deadlines, calls.watch);
  const schedule = createSchedule({ isPassive, deadlines: heard, scheduler });
  deciding.alerts.connect({
    checkNow: (id) => schedule.checkNow(id),
    failuresInRow: (id) => judging.state(id)?.failuresInRow ?? 0,
    flush: () => commits.flush(),
    addressesOf: checking.addressesOf,
  });
  const desk = new Desk({
    clock,
    store,
    board,
    judging,
    schedule,
    forget(id) {
      checking.forget(id);
      pipeline.forget(id);
    },
    flush: () => commits.flush(),
    check: checking.check,
    closeIncident: (id, at) => alerting.close(id, at),
    onChanged(ids) {
      calls.heartbeats.changed([...ids.changed, ...ids.deleted]);
      maintenance.changed(ids.changed);
      deciding.noticing.changed(ids);
      live.monitorsChanged(ids);
    },
  });
  return { schedule, deadlines, desk, calls, maintenance };
}

function openPipeline({
  settings,
  parts,
  checking,
  deciding,
  outputs,
  metrics,
}: PathParts): Pipeline {
  const { board, judging, live, alerting, commits } = deciding;
  return createPipeline({
    clock: parts.clock,
    location: settings.location,
    check: checking.check,
    targetOf: checking.targetOf,
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    show: (id, state, check) => board.checked(id, state, check),
    onChecked(entry, outcome, transition) {
      if (transition !== null) {
        alerting.wake();
        outputs.statusChanged(entry, transition);
      }
      if (followsHost(entry.monitor)) return live.hostStatusChanged(entry.monitor.id);
      metrics.checked(countedCheckOf(entry, outcome));
      deciding.noticing.checked(entry, outcome);
      live.checked(entry);
      outputs.checked(entry, outcome, () => checking.targetOf(entry.monitor));
      if (transition !== null) live.statusChanged(entry);
    },
  });
}

interface HostPathParts {
  readonly settings: Settings;
  readonly parts: HubParts;
  readonly store: Store;
  readonly deciding: Deciding;
  readonly path: Path;
  readonly outputs: HubOutputs;
  readonly metrics: Metrics;
}

/** The path of what hosts send, and the desk where people change hosts. */
function openHosts(
  { settings, parts, store, deciding, path, outputs, metrics }: HostPathParts,
  stack: AsyncDisposableStack,
): { readonly hosts: Hosts; readonly hostDesk: HostDesk } {
  const { clock, log } = parts;
  const { board, live } = deciding;
  const { desk, deadlines } = path;
  const monitor = (id: MonitorId): Monitor | undefined => board.get(id)?.monitor;
  const hosts = stack.use(
    createHosts(
      {
        maxSeries: settings.hosts.maxSeries,
        postedRetentionMs: settings.monitoringStack.retentionMs,
      },
      {
        clock,
        newId: createId,
        sha256,
        store,
        monitor,
        create: (host, own) => desk.createHost(host, own, agentActor),
        update: (own) => desk.update(own, false, agentActor),
        onHeard: (id) => deadlines.heard(id),
        onShown(id) {
          live.hostShown(id);
          outputs.hostShown(() => shown(id));
        },
        onTaken: (samples) => metrics.samplesTaken(samples),
        onError(err) {
          metrics.failed("hosts");
          log.error({ err }, "what changed of hosts could not be written; trying again");
        },
      },
    ),
  );
  metrics.watchSeriesLists(() => hosts.lists);
  deciding.alerts.connect({ interfacesOf: (id) => hosts.get(id)?.addresses ?? [] });
  function shown(id: HostId): HostView | undefined {
    const found = hostOf({ hosts, board }, id);
    return found === undefined ? undefined : hostView(found);
  }
  live.watchHosts(shown);
  return { hosts, hostDesk: new HostDesk({ clock, desk, hosts, monitor, store }) };
}

/** This machine's own agent, where it is watched. */
function openOwnAgent(
  settings: Settings,
  { clock, log, version }: HubParts,
  hosts: Hosts,
  stack: AsyncDisposableStack,
): OwnAgent | null {
  if (settings.agent === null) return null;
  return stack.use(
    startOwnAgent(
      { ...settings.agent, stateDir: settings.dataDir },
      { clock, log, version, receive: (batch) => hosts.receiveBatch(batch) },
    ),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Who changes a host's monitor as the host says. */
const agentActor = "agent";

interface Deciding {
  readonly board: Board;
  readonly judging: JudgingTable;
  readonly live: Live;
  readonly alerts: Alerts;
  readonly alerting: Alerting;
  readonly noticing: Noticing;
  readonly commits: CommitQueue;
}

interface DecidingParts extends Omit<PathParts, "deciding" | "outputs"> {
  readonly incidentLinks: SignedLinks;
}

/** What knows and decides the state of monitors, and who is told of it. */
function openDeciding(
  { settings, parts, store, checking, incidentLinks, metrics }: DecidingParts,
  stack: AsyncDisposableStack,
): Deciding {
  const { clock, log, version } = parts;
  const board = createBoard();
  const live = stack.use(createLive({ clock, board, readRuns: createRunReader(store, clock) }));
  metrics.watchLive(() => live.stats);
  const alerts = stack.use(
    createAlerts({
      clock,
      store,
      board,
      kinds: checking.kinds,
      channelKinds,
      random: Math.random,
      hostOf: checking.hostOf,
      publicUrl: settings.publicUrl,
      links: incidentLinks,
      userAgent: `Belfry/${version}`,
      refuseAddress: createAddressGuard(settings.checks.network),
      onIncidents: (incidents) => live.incidentsChanged(incidents.map(({ id }) => id)),
      onError(err, part) {
        metrics.failed(part);
        log.error({ err }, `${part}: what was decided could not be written; trying again`);
      },
    }),
  );
  const { alerting } = alerts;
  const noticing = stack.use(createNoticing({ clock, log, metrics, store, board, alerting }));
  alerts.connect({ certificateOf: (id) => noticing.certificateOf(id) });
  const commits = stack.use(
    new CommitQueue(
      { tickMs: commitTickMs, maxChecks: maxWaitingChecks },
      {
        commit: (change) => store.commit(change),
        onError(err) {
          metrics.failed("commit");
          log.error({ err }, "checks could not be stored; trying again");
        },
        onDropped: (checks) =>
          log.error({ checks }, "the store is away for too long: history is dropped"),
        onCommitted: (seconds) => metrics.storeTook("commit", seconds),
      },
    ),
  );
  metrics.watchQueue("commits", () => commits.stats);
  return { board, judging: createJudgingTable(), live, alerts, alerting, noticing, commits };
}

/**
 * Takes up where the former process stopped. Answers with its last sign of life, epoch ms; undefined: there was none, the
 * database is new.
 */
async function takeUp(
  store: Store,
  { board, judging }: Deciding,
  clock: Clock,
): Promise<number | undefined> {
  const now = clock.now();
  const aliveAt = await store.readAlive();
  if (aliveAt !== undefined) await store.closeGap(aliveAt);
  for (const { monitor, state } of await store.loadMonitors()) {
    board.put(monitor, state, now);
    judging.add(monitor.id, state, { intervalIsOpen: state === undefined, at: now });
  }
  return aliveAt;
}

/** Before anything old is dropped the store knows whose samples are kept for another time than all others. */
async function takeUpHosts(store: Store, hosts: Hosts): Promise<void> {
  hosts.load(await store.loadHosts());
  await store.setRetention(hosts.retentions());
}

/** A process that is gone cannot be sending any more; with PostgreSQL what it claimed lapses instead. */
async function takeUpAlerts(store: Store, { alerting, alerts }: Deciding): Promise<void> {
  if (store.engine === "sqlite") await store.releaseNotices("all");
  alerting.wake();
  alerts.delivery.wake();
}

/** Part → `ok` or what is wrong with it. */
async function readiness(store: Store, commits: CommitQueue): Promise<Record<string, string>> {
  const storeState = await store.ping().then(
    () => "ok",
    (error: unknown) => (error instanceof Error ? error.message : "failed"),
  );
  const failing = commits.failingSince;
  const since = failing === null ? "ok" : `failing since ${new Date(failing).toISOString()}`;
  return { store: storeState, commits: since };
}

function* enabledMonitors(board: Board): Iterable<Monitor> {
  for (const { monitor } of board.entries()) if (monitor.enabled) yield monitor;
  for (const { monitor } of board.hostEntries()) if (monitor.enabled) yield monitor;
}

function countedCheckOf(entry: BoardEntry, outcome: Outcome): CountedCheck {
  return {
    kind: entry.monitor.kind,
    result: outcome.result,
    reason: outcome.result === "up" ? null : outcome.reason,
    durationSeconds: outcome.durationMs / 1000,
  };
}
