/** What knows and decides the state of monitors, and who is told of it. */
import type { Alerting } from "./alert/alerting.ts";
import { createAddressGuard, createAlerts, type Alerts } from "./alerts.ts";
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { openCommits } from "./commits.ts";
import type { Settings } from "./config/settings.ts";
import { createRunReader } from "./jobs.ts";
import { createJudgingTable, type JudgingTable } from "./judge/judging.ts";
import { createBoard, type Board } from "./live/board.ts";
import { createLive, type Live } from "./live/live.ts";
import type { SignedLinks } from "./model/signed-links.ts";
import { channelKinds } from "./notify/channel-kinds.ts";
import { createNoticing, type Noticing } from "./noticing.ts";
import type { Fleet } from "./fleet/port.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

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
  const noticing = stack.use(
    createNoticing({ clock, log, metrics, store, board, alerting, fleet }),
  );
  alerts.connect({ certificateOf: (id) => noticing.certificateOf(id) });
  const commits = openCommits({ log, store, metrics, fleet }, stack);
  return { board, judging: createJudgingTable(), live, alerts, alerting, noticing, commits };
}

/** A process that is gone cannot be sending any more; with PostgreSQL what it claimed lapses instead. */
export async function takeUpAlerts(store: Store, { alerting, alerts }: Deciding): Promise<void> {
  if (store.engine === "sqlite") await store.releaseNotices("all");
  alerting.wake();
  alerts.delivery.wake();
}
