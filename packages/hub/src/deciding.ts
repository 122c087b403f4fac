/** What knows and decides the state of monitors, and who is told of it. */
import type { Alerting } from "./alert/alerting.ts";
import { createAddressGuard, createAlerts, type Alerts } from "./alerts.ts";
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Settings } from "./config/settings.ts";
import { createRunReader } from "./jobs.ts";
import { createJudgingTable, type JudgingTable } from "./judge/judging.ts";
import { createBoard, type Board } from "./live/board.ts";
import { createLive, type Live } from "./live/live.ts";
import type { Clock } from "./model/clock.ts";
import type { Monitor } from "./model/monitor.ts";
import type { SignedLinks } from "./model/signed-links.ts";
import { channelKinds } from "./notify/channel-kinds.ts";
import { createNoticing, type Noticing } from "./noticing.ts";
import type { Fleet } from "./fleet/port.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

/** How long decisions are gathered before they are committed, in ms. */
const commitTickMs = 50;
/** How many decided checks may wait for a store that does not answer. */
const maxWaitingChecks = 50_000;

export interface Deciding {
  readonly board: Board;
  readonly judging: JudgingTable;
  readonly live: Live;
  readonly alerts: Alerts;
  readonly alerting: Alerting;
  readonly noticing: Noticing;
  readonly commits: CommitQueue;
}

export interface DecidingParts {
  readonly settings: Settings;
  readonly parts: HubParts;
  readonly store: Store;
  readonly checking: Checking;
  readonly metrics: Metrics;
  readonly fleet: Fleet;
  readonly incidentLinks: SignedLinks;
}

/** Opens it; `stack` ends it. */
export function openDeciding(
  { settings, parts, store, checking, incidentLinks, metrics, fleet }: DecidingParts,
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
      onAttempt: (kind, result) => metrics.noticeTried(kind, result),
      onIncidents: (incidents) => live.incidentsChanged(incidents.map(({ id }) => id)),
      onError(err, part) {
        metrics.failed(part);
        log.error({ err }, `${part}: what was decided could not be written; trying again`);
      },
    }),
  );
  const { alerting } = alerts;
  metrics.watchQueue("notices", () => alerts.delivery.queue);
  const noticing = stack.use(createNoticing({ clock, log, metrics, store, board, alerting, fleet }));
  alerts.connect({ certificateOf: (id) => noticing.certificateOf(id) });
  const commits = openCommits({ log, store, metrics, fleet }, stack);
  return { board, judging: createJudgingTable(), live, alerts, alerting, noticing, commits };
}

/** What is decided about checks, on its way to the store. */
export function openCommits(
  {
    log,
    store,
    metrics,
    fleet,
  }: Pick<DecidingParts, "store" | "metrics" | "fleet"> & Pick<HubParts, "log">,
  stack: AsyncDisposableStack,
): CommitQueue {
  const commits = stack.use(
    new CommitQueue(
      { tickMs: commitTickMs, maxChecks: maxWaitingChecks },
      {
        commit: (change) => store.commit(change),
        fence: () => fleet.process?.id,
        onFenced: (checks) =>
          log.warn({ checks }, "checks were not stored: others look after their monitors by now"),
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
  return commits;
}

/**
 * Takes up where the former process stopped. In a fleet others may be at work: what nobody looked after is found out when
 * a share is taken. Answers with its last sign of life, epoch ms; undefined: there was none, the
 * database is new.
 */
export async function takeUp(
  store: Store,
  { board, judging }: Pick<Deciding, "board" | "judging">,
  { clock, isFleet }: { readonly clock: Clock; readonly isFleet: boolean },
): Promise<number | undefined> {
  const now = clock.now();
  const aliveAt = await store.readAlive();
  if (aliveAt !== undefined && !isFleet) await store.closeGap(aliveAt);
  for (const { monitor, state } of await store.loadMonitors()) {
    board.put(monitor, state, now);
    if (isFleet) continue;
    judging.add(monitor.id, state, { intervalIsOpen: state === undefined, at: now });
  }
  return aliveAt;
}

/** A process that is gone cannot be sending any more; with PostgreSQL what it claimed lapses instead. */
export async function takeUpAlerts(store: Store, { alerting, alerts }: Deciding): Promise<void> {
  if (store.engine === "sqlite") await store.releaseNotices("all");
  alerting.wake();
  alerts.delivery.wake();
}

/** Those that are not paused, hosts included. */
export function* enabledMonitors(board: Board): Iterable<Monitor> {
  for (const { monitor } of board.entries()) if (monitor.enabled) yield monitor;
  for (const { monitor } of board.hostEntries()) if (monitor.enabled) yield monitor;
}
