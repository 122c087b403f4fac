/** The part of a hub between an outcome and a provider, from real parts, built and taken up as `app.ts` does it. */
import { createAlerts, type Alerts } from "../../alerts.ts";
import { CommitQueue } from "../../commit-queue.ts";
import { createJudgingTable } from "../../judge/judging.ts";
import { createBoard } from "../../live/board.ts";
import type { MonitorId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import type { Outcome } from "../../model/outcome.ts";
import { createSignedLinks, newLinkSecret } from "../../model/signed-links.ts";
import { createPipeline } from "../../pipeline.ts";
import type { Store } from "../../store/port.ts";
import type { Provider } from "./provider.kit.ts";
import type { Victim } from "./victim.kit.ts";
import type { VirtualTime } from "./virtual-time.kit.ts";

export interface HubProcess {
  readonly alerts: Alerts;
  /** Hands over what a check found, now. */
  readonly conclude: (monitor: Monitor, outcome: Outcome) => void;
}

export interface HubProcessParts {
  readonly time: VirtualTime;
  readonly victim: Victim;
  readonly provider: Provider;
  readonly store: Store;
  /** Checks a monitor at once. */
  readonly checkNow: (id: MonitorId) => void;
  readonly onError: (error: unknown) => void;
}

/** Starts it; never fulfilled when the process ends meanwhile. */
export async function startHubProcess(parts: HubProcessParts): Promise<HubProcess> {
  const { time, victim, provider, onError } = parts;
  const store = victim.wrap(parts.store);
  const board = createBoard();
  const judging = createJudgingTable();
  const kind = provider.kindFor(victim);
  const alerts = createAlerts({
    clock: time,
    store,
    board,
    kinds: new Map(),
    channelKinds: new Map([[kind.kind, kind]]),
    random: () => 0.5,
    hostOf: ({ name }) => `${name}.example.org`,
    publicUrl: null,
    links: createSignedLinks(newLinkSecret()),
    userAgent: "Belfry/0.0.0",
    refuseAddress: () => undefined,
    onAttempt: () => undefined,
    onIncidents: () => undefined,
    onError,
  });
  const commits = new CommitQueue(
    { tickMs: 50, maxChecks: 50_000 },
    {
      commit: (change) => store.commit(change),
      onError,
      onDropped: () => onError(new Error("history was dropped")),
      onCommitted: () => undefined,
    },
  );
  const pipeline = createPipeline({
    clock: time,
    location: "local",
    check: () => Promise.reject(new Error("the test checks")),
    targetOf: ({ name }) => name,
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    show: (id, state, check) => board.checked(id, state, check),
    onChecked: (_entry, _outcome, transition) => {
      if (transition !== null) alerts.alerting.wake();
    },
  });
  alerts.connect({
    checkNow: (id) => Promise.resolve(parts.checkNow(id)),
    failuresInRow: (id) => judging.state(id)?.failuresInRow ?? 0,
    flush: () => commits.flush(),
  });
  const aliveAt = await store.readAlive();
  if (aliveAt !== undefined) await store.closeGap(aliveAt);
  for (const { monitor, state } of await store.loadMonitors()) {
    board.put(monitor, state, time.now());
    judging.add(monitor.id, state, { intervalIsOpen: state === undefined, at: time.now() });
  }
  if (store.engine === "sqlite") await store.releaseNotices("all");
  alerts.alerting.wake();
  alerts.delivery.wake();
  return {
    alerts,
    conclude: (monitor, outcome) => pipeline.conclude(monitor, outcome, time.now()),
  };
}
