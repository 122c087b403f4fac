/**
 * Builds a worker in a straight line: checks, judges and stores for the hubs on the same PostgreSQL. It holds `check`
 * shares only, and serves `/health`, `/ready` and `/metrics`. What its checks mean for people (incidents, notices, pages)
 * is done by the hubs, which read it from the database. Outputs and remote write are each process's own, with a spool in
 * its data folder: a worker hands on what it checks, where its settings name any, and else keeps nothing on its disk.
 */
import type { HubParts } from "./app.ts";
import { countedCheckOf, openScheduler } from "./check-path.ts";
import { openChecking } from "./checking.ts";
import type { Settings } from "./config/settings.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { openCommits } from "./commits.ts";
import type { FleetKeeper } from "./fleet/keeper.ts";
import type { HubOutputs } from "./hub-outputs.ts";
import type { LocationPathParts } from "./location-path.ts";
import { createSharedMonitors, openFleet } from "./fleet-path.ts";
import { createJudgingTable, type JudgingTable } from "./judge/judging.ts";
import { createBoard, type Board } from "./live/board.ts";
import { createMaintenance } from "./maintenance.ts";
import { AppError } from "./model/error.ts";
import type { MonitorId } from "./model/id.ts";
import { createNoticing } from "./noticing.ts";
import { openOwnProcess } from "./own-process.ts";
import { openLocations, withLocations } from "./locations.ts";
import { createPipeline, type PipelineParts } from "./pipeline.ts";
import { createReadiness } from "./readiness.ts";
import { addFleetMetrics } from "./self/metrics-fleet.ts";
import { createMetrics, type Metrics } from "./self/metrics.ts";
import { createStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";
import { takeUp } from "./taking-up.ts";
import { openWorkerServer } from "./worker-server.ts";

/** A worker that checks. Disposing stops it: what was decided is stored, and its shares are free for others. */
export interface RunningWorker extends AsyncDisposable {
  /** Where its health is asked for: `http://127.0.0.1:8001`. */
  readonly url: string;
  /** From now on `/ready` says that it stops. */
  stopping(): void;
}

/** Starts a worker; rejects with an `AppError` that says why it cannot. */
export async function startWorker(settings: Settings, parts: HubParts): Promise<RunningWorker> {
  await using stack = new AsyncDisposableStack();
  const worker = await openWorker(settings, parts, stack);
  const { store, fleet, commits, metrics, board, judging, maintenance, shared, locations } = worker;
  const readiness = createReadiness({ store, fleet, commits });
  const { registry } = metrics;
  const server = stack.use(
    await openWorkerServer(settings, { ...parts, keys: store, readiness, metrics: registry }),
  );
  worker.listens(server.url);
  await takeUp(store, { board, judging }, { clock: parts.clock, isFleet: true });
  await maintenance.start();
  await fleet.start(shared);
  stack.use(fleet);
  locations.start();
  readiness.started();
  const running = stack.move();
  return {
    url: server.url,
    stopping: () => readiness.stopping(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Nothing is checked or stored before everything is built. */
async function openWorker(settings: Settings, parts: HubParts, stack: AsyncDisposableStack) {
  const { clock, log } = parts;
  const metrics = stack.use(createMetrics(parts.version));
  const handOn = await openHandingOn(settings, parts, { metrics, stack });
  const store = handOn.sending(stack.use(await createStore(settings, { log })));
  const checking = openChecking(settings, parts, metrics, stack);
  let listensOn: string | null = null;
  const { keeper: fleet } = openFleet({
    settings,
    parts,
    store,
    metrics,
    kind: "worker",
    figures: () => ownProcess.figures(),
    url: () => listensOn,
  });
  if (fleet === null) throw new AppError("invalid", "a worker needs the PostgreSQL of its hubs");
  const board = createBoard();
  const judging = createJudgingTable();
  const common = { settings, parts, store, checking, metrics, fleet, board, judging };
  const ownProcess = openOwnProcess({ settings, clock, board, kinds: checking.kinds, fleet });
  addFleetMetrics(metrics.registry, fleet, clock);
  const commits = openCommits({ log, store, metrics, fleet }, stack);
  const path = openWorkerPath({ ...common, commits, ownProcess, handOn }, stack);
  return {
    ...common,
    ...path,
    commits,
    listens(url: string) {
      listensOn = url;
    },
  };
}

type Common = Pick<
  Parameters<typeof openScheduler>[0],
  "settings" | "parts" | "checking" | "metrics" | "ownProcess"
> & {
  readonly store: Store;
  readonly fleet: FleetKeeper;
  readonly board: Board;
  readonly judging: JudgingTable;
  readonly commits: CommitQueue;
  readonly handOn: HandingOn;
};

/** What a worker hands on. */
interface HandingOn {
  readonly sending: (store: Store) => Store;
  readonly outputs: Pick<HubOutputs, "checked" | "statusChanged"> | null;
}

/** Opened before the store, so that what it takes last is handed on as well; loaded only where settings ask for it. */
async function openHandingOn(
  settings: Settings,
  parts: HubParts,
  { metrics, stack }: { readonly metrics: Metrics; readonly stack: AsyncDisposableStack },
): Promise<HandingOn> {
  let sending: HandingOn["sending"] = (store) => store;
  if (settings.remoteWrite.length > 0) {
    const { openRemoteWriteOut, sendingOn } = await import("./remote-write-out.ts");
    const out = stack.use(await openRemoteWriteOut(settings, parts.log, metrics.registry));
    sending = (store) => sendingOn(store, out);
  }
  if (settings.outputs.length === 0) return { sending, outputs: null };
  const { openHubOutputs } = await import("./hub-outputs.ts");
  return { sending, outputs: stack.use(await openHubOutputs(settings, parts, metrics)) };
}

/** From the schedule to the store; nobody looks at the board of a worker. */
function openWorkerPath(path: Common, stack: AsyncDisposableStack) {
  const { settings, parts, store, checking, metrics, fleet, board, judging, commits } = path;
  const { clock, log } = parts;
  const { outputs } = path.handOn;
  // Of certificates that end only whoever checks knows.
  const alerting = { wake: () => fleet.hint("signals") };
  const noticing = stack.use(
    createNoticing({ clock, log, metrics, store, board, alerting, fleet }),
  );
  const onChecked: PipelineParts["onChecked"] = (entry, outcome, transition) => {
    if (transition !== null) {
      fleet.hint("signals", "status");
      outputs?.statusChanged(entry, transition);
    }
    metrics.checked(countedCheckOf(entry, outcome));
    noticing.checked(entry, outcome);
    outputs?.checked(entry, outcome, () => checking.targetOf(entry.monitor));
  };
  const onStatus: LocationPathParts["onStatus"] = (entry, transition) => {
    fleet.hint("signals", "status");
    outputs?.statusChanged(entry, transition);
  };
  const locations = openLocations({ ...path, onChecked, onStatus }, stack);
  const alone = createPipeline({
    clock,
    location: settings.location,
    check: checking.check,
    targetOf: checking.targetOf,
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    show: (id, state, check) => board.checked(id, state, check),
    onChecked,
  });
  const pipeline = withLocations(alone, locations);
  const scheduler = openScheduler(
    { ...path, pipeline, takes: (monitor) => locations.isChecked(monitor) },
    stack,
  );
  const maintenance = stack.use(
    createMaintenance({
      ...path,
      clock,
      live: { statusChanged: () => undefined, hostStatusChanged: () => undefined },
      holds(id) {
        const monitor = board.get(id)?.monitor;
        return monitor !== undefined && shared.holds(monitor);
      },
      onError: (err) =>
        log.error({ err }, "maintenance windows could not be read; those that are known count"),
    }),
  );
  const shared = createSharedMonitors({
    ...path,
    keeper: fleet,
    scheduler,
    heard: { add: () => undefined, remove: () => undefined },
    prepare: (ids) => noticing.takeUp(ids),
    forget(id: MonitorId) {
      checking.forget(id);
      pipeline.forget(id);
    },
    onTaken: (ids) => maintenance.changed(ids),
    onChanged(ids) {
      maintenance.changed(ids.changed);
      noticing.changed(ids);
    },
  });
  fleet.onHint(["policy"], () => maintenance.look());
  // What could not be checked without a network is checked once it is there again.
  checking.network.watch(() => {
    for (const { monitor, lastCheck } of board.entries()) {
      if (lastCheck?.reason === "own_network") void scheduler.checkNow(monitor.id);
    }
  });
  return { maintenance, shared, locations };
}
