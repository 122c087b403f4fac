/**
 * Builds the hub in a straight line and draws every arrow between its parts. Each part that has a life is handed to one
 * stack; stopping ends them last-in-first-out, and a start that fails half-way ends what was begun.
 */
import type { RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { createApi } from "./api/create-api.ts";
import { openPath } from "./check-path.ts";
import { openChecking } from "./checking.ts";
import { ensureAdminKey } from "./command/admin-key.ts";
import type { Settings } from "./config/settings.ts";
import { openDeciding, takeUpAlerts } from "./deciding.ts";
import { openFleet } from "./fleet-path.ts";
import { openDropInPorts } from "./drop-in-ports.ts";
import { openHosts, openOwnAgent, takeUpHosts } from "./host-path.ts";
import { startTrends } from "./host-trends.ts";
import { followOtherHubs, otherHubsOf, withHints } from "./hub-hints.ts";
import { openHubOutputs } from "./hub-outputs.ts";
import { parsePrometheusText } from "./ingest/prometheus-text.ts";
import { RemoteWriteReader } from "./ingest/remote-write.ts";
import { createJobs } from "./jobs.ts";
import { listenOn, urlOf } from "./listen.ts";
import { openRangeReader, readingLongRanges } from "./long-range.ts";
import { keepManagedSettings } from "./managed-settings.ts";
import type { Clock } from "./model/clock.ts";
import { createId } from "./model/id.ts";
import type { RunEvent } from "./model/run.ts";
import { createSignedLinks, linkSecretName, newLinkSecret } from "./model/signed-links.ts";
import { channelKinds } from "./notify/channel-kinds.ts";
import type { OwnAgent } from "./own-agent.ts";
import { keepOwnMonitor, reachedByAll } from "./own-monitor.ts";
import { openOwnProcess } from "./own-process.ts";
import { createReadiness } from "./readiness.ts";
import { openRemoteWriteOut, sendingOn, withDestinations } from "./remote-write-out.ts";
import { openRules, tapSamples } from "./rule-path.ts";
import type { Log } from "./self/log.ts";
import { addFleetMetrics } from "./self/metrics-fleet.ts";
import { createMetrics } from "./self/metrics.ts";
import { createStore } from "./store/open.ts";
import { enabledMonitors, takeUp } from "./taking-up.ts";
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
  /** From now on `/ready` says that it stops, and answers close their connections; everything else goes on. */
  stopping(): void;
  /** The file the first key was written to just now; null when there was no need. */
  readonly keyFile: string | null;
}

const pagesFolder = fileURLToPath(new URL("../../dashboard/dist", import.meta.url));

/** Starts a hub; rejects with an `AppError` that says why it cannot. */
export async function startHub(settings: Settings, parts: HubParts): Promise<RunningHub> {
  await using stack = new AsyncDisposableStack();
  const hub = await openHub(settings, parts, stack);
  const { store, clock } = hub;
  const keyFile = await ensureAdminKey(settings, { clock, newId: createId, keys: store });
  const aliveAt = await takeUpAll(hub);
  const own = openOwnAgent(settings, parts, hub.watching.hosts, stack);
  const api = stack.use(await openApi(hub, own));
  const url = urlOf(
    await listenOn(settings.listen, (at) => api.app.listen({ ...at })),
    settings.listen,
  );
  hub.listens(url);
  const handle: RequestListener = (request, response) => api.app.routing(request, response);
  if (settings.dropInPorts) await openDropInPorts(settings.listen.host, { own, handle }, stack);
  await begin(hub, aliveAt, stack);
  const { board, desk, kinds } = { ...hub.deciding, ...hub.path, ...hub.checking };
  const reached = hub.keeper === null ? url : reachedByAll(settings.publicUrl);
  await keepOwnMonitor(reached, aliveAt === undefined, { clock, board, desk, kinds });
  const running = stack.move();
  const { readiness } = hub;
  readiness.started();
  return {
    url,
    keyFile,
    stopping() {
      readiness.stopping();
      api.letGo();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Every part of a hub, drawn together. */
type Hub = Awaited<ReturnType<typeof openHub>>;

/** Nothing is stored, checked or sent before everything is built. */
async function openHub(settings: Settings, parts: HubParts, stack: AsyncDisposableStack) {
  const { clock, log } = parts;
  const metrics = stack.use(createMetrics(parts.version));
  const remoteWrite = stack.use(await openRemoteWriteOut(settings, log, metrics.registry));
  const kept = sendingOn(stack.use(await createStore(settings, { log })), remoteWrite);
  const tapped = tapSamples(kept, (frames) => rules.take(frames));
  const store = withHints(tapped, (topic) => fleet.hint(topic));
  const checking = openChecking(settings, parts, metrics, stack);
  const incidentLinks = createSignedLinks(await store.secret(linkSecretName, newLinkSecret()));
  let listensOn: string | null = null;
  const { fleet, keeper } = openFleet({
    settings,
    parts,
    store,
    metrics,
    kind: "hub",
    figures: () => ownProcess.figures(),
    url: () => listensOn,
  });
  const common = { settings, parts, store, checking, metrics, fleet, keeper };
  const deciding = openDeciding({ ...common, incidentLinks }, stack);
  const { board, alerting, live } = deciding;
  const outputs = stack.use(await openHubOutputs(settings, parts, metrics));
  const ownProcess = openOwnProcess({ settings, clock, board, kinds: checking.kinds, fleet });
  addFleetMetrics(metrics.registry, fleet, clock);
  const path = openPath({ ...common, deciding, outputs, ownProcess }, stack);
  const watching = openHosts({ ...common, deciding, path, outputs }, stack);
  const { hosts } = watching;
  const rules = openRules({ clock, log, metrics, store, board, hosts, fleet, alerting });
  stack.use(rules);
  const jobs = createJobs(
    {
      clock,
      log,
      store,
      fleet,
      live,
      metrics,
      onEvent: (event: RunEvent) => outputs.eventTaken(event),
      onRuns: rules.runsChanged,
      onRang: () => alerting.wake(),
    },
    stack,
  );
  const reader = openRangeReader(settings.remoteWrite, stack);
  const { retention } = settings;
  const readiness = createReadiness({ store, fleet, commits: deciding.commits });
  return {
    ...common,
    clock,
    log,
    readiness,
    /** What people look at; also what is no longer kept here, where it can be read elsewhere. */
    history:
      reader === undefined ? store : readingLongRanges(store, { clock, log, retention, reader }),
    listens(url: string) {
      listensOn = url;
    },
    remoteWrite,
    outputs,
    ownProcess,
    incidentLinks,
    deciding,
    path,
    watching,
    rules,
    jobs,
  };
}

/** Takes up where the former process stopped; answers with its last sign of life, epoch ms. */
async function takeUpAll(hub: Hub): Promise<number | undefined> {
  const { settings, clock, store, deciding, path, watching, rules } = hub;
  const isFleet = hub.keeper !== null;
  const aliveAt = await takeUp(store, deciding, { clock, isFleet });
  await path.calls.takeUp();
  await takeUpHosts(store, watching);
  await keepManagedSettings(settings, { clock, store });
  await rules.load();
  await deciding.noticing.load();
  await takeUpAlerts(store, deciding);
  return aliveAt;
}

function openApi(hub: Hub, own: OwnAgent | null): ReturnType<typeof createApi> {
  const { settings, parts, deciding, outputs, path, checking } = hub;
  const { board, live, alerts, alerting } = deciding;
  return createApi(settings, {
    clock: hub.clock,
    newId: createId,
    version: parts.version,
    log: hub.log,
    board,
    desk: path.desk,
    ...hub.watching,
    heartbeats: path.calls.heartbeats,
    locations: path.locations,
    ...hub.jobs,
    alertRules: hub.rules.alertRules,
    kinds: checking.kinds,
    channelKinds,
    channels: alerts.delivery,
    store: hub.history,
    live,
    registry: hub.metrics.registry,
    outputs: withDestinations(outputs, hub.remoteWrite),
    fleet: hub.fleet,
    otherHubs: otherHubsOf(hub.fleet, hub.store),
    ownProcess: hub.ownProcess,
    parseImport: parsePrometheusText,
    remoteWrite: new RemoteWriteReader(),
    ready: () => hub.readiness.read(),
    incidentDesk: alerting,
    incidentLinks: hub.incidentLinks,
    externalAlerts: alerts.external,
    foresight: alerts,
    acknowledge: (id, actor) => alerting.acknowledge(id, actor),
    system: own === null ? null : () => own.system(),
    pages: pagesFolder,
  });
}

/** Everything that happens by itself, from now on. */
async function begin(
  hub: Hub,
  aliveAt: number | undefined,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { settings, clock, log, store, checking, deciding, outputs, path, rules, jobs } = hub;
  const { board, alerts, commits, noticing } = deciding;
  const runWatch = jobs.listen();
  rules.start();
  path.locations.start();
  await path.maintenance.start();
  alerts.external.start();
  followOtherHubs({ ...deciding, fleet: hub.fleet, store, delivery: alerts.delivery });
  path.schedule.addAll(enabledMonitors(board));
  path.calls.start(aliveAt);
  await path.shared?.followed.start();
  await noticing.watchSelf({ settings, checking, commits, outputs, runWatch, ...path });
  stack.use(startTrends(hub.watching.hosts, log));
  stack.use(
    startUpkeep({
      clock,
      touchAlive: (at) => store.touchAlive(at),
      maintain: async (now) => {
        if (hub.fleet.hasDuty("upkeep")) await store.maintain(now);
      },
      onError: (err, duty) => log.error({ err, duty }, "a duty failed; it is done again later"),
    }),
  );
  if (hub.keeper === null || path.shared === null) return;
  await hub.keeper.start(path.shared.monitors);
  stack.use(hub.keeper);
}
