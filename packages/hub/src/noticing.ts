/**
 * What Belfry notices beside what is judged and what rules see: certificates about to end, and its own troubles. Each is
 * told once, over restarts, and where several processes share a database over whoever checks the monitor. While Belfry's own network is gone nobody is silent or late, and when it is back whoever could
 * not be checked is checked at once.
 */
import { certificatePrefix, createCertificates } from "./certificates.ts";
import type { Fleet } from "./fleet/port.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import type { MonitorId } from "./model/id.ts";
import type { Outcome, SeenCertificate } from "./model/outcome.ts";
import type { NetworkGap, OwnNetwork } from "./probe/own-network.ts";
import { createFigures, type FigureSources } from "./self/own-figures.ts";
import { addOwnMetrics } from "./self/metrics-own.ts";
import { OwnTroubles, ownPrefix, ownSource } from "./self/own-troubles.ts";
import { TroubleKeeper } from "./self/trouble-keeper.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface NoticingParts {
  readonly clock: Clock;
  readonly store: Pick<Store, "commitRules" | "ruleStates">;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
  };
  readonly alerting: { wake(): void };
  readonly fleet: Pick<Fleet, "process" | "hasDuty" | "members" | "onHint">;
  readonly metrics: Pick<Metrics, "failed" | "registry">;
  readonly log: { error(fields: object, message: string): void };
}

/** What is watched of Belfry itself. */
export interface SelfParts {
  readonly settings: { readonly dataDir: string; readonly location: string };
  readonly checking: {
    readonly network: OwnNetwork;
    readonly stalledMs: FigureSources["stalledMs"];
  };
  readonly commits: FigureSources["commits"];
  readonly outputs: FigureSources["outputs"];
  readonly schedule: { checkNow(id: MonitorId): Promise<unknown> };
  /** Those who wait to hear something: what cannot be heard is not missed. */
  readonly deadlines: { deaf(ms: number): void };
  readonly calls: { readonly watch: { deaf(): void } };
  readonly runWatch: { deaf(): void };
}

export interface Noticing extends AsyncDisposable {
  certificateOf(id: MonitorId): SeenCertificate | undefined;
  /** Takes up what rang before. */
  load(): Promise<void>;
  /** Takes up what rang of monitors that another process looked after until now. */
  takeUp(ids: readonly MonitorId[]): Promise<void>;
  /** Reads what other processes told of certificates. */
  readTold(): Promise<void>;
  /** A check was judged and stored. */
  checked(entry: BoardEntry, outcome: Outcome): void;
  /** A check began so late, s. */
  started(lagSeconds: number): void;
  /** People changed monitors. */
  changed(ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }): void;
  /** Begins to watch Belfry itself. */
  watchSelf(parts: SelfParts): Promise<void>;
}

/** Draws it together. */
export function createNoticing(parts: NoticingParts): Noticing {
  const { clock, store, board, alerting, fleet, metrics, log } = parts;
  const stack = new AsyncDisposableStack();
  const keeper = stack.use(
    new TroubleKeeper({
      store,
      fence: () => (fleet.process === undefined ? undefined : { process: fleet.process.id }),
      isOwn: (source) => source.startsWith(ownPrefix),
      onSignals: () => alerting.wake(),
      onError: failed,
    }),
  );
  function failed(err: unknown): void {
    metrics.failed("noticing");
    log.error({ err }, "what was noticed could not be written; trying again");
  }
  const certificates = createCertificates({ clock, keeper });
  let started: (lagSeconds: number) => void = () => undefined;
  return {
    certificateOf: (id) => certificates.certificateOf(id),
    async load() {
      certificates.load(await store.ruleStates());
    },
    async takeUp(ids) {
      certificates.takeUp(ids, await store.ruleStates(certificatePrefix));
    },
    async readTold() {
      certificates.told(await store.ruleStates(certificatePrefix));
    },
    checked: ({ monitor }, outcome) => certificates.seen(monitor, outcome),
    started: (lagSeconds) => started(lagSeconds),
    changed({ changed, deleted }) {
      const paused = changed.filter((id) => board.get(id)?.monitor.enabled === false);
      for (const id of [...deleted, ...paused]) certificates.forget(id);
    },
    async watchSelf(self) {
      const { checking, commits, outputs } = self;
      const { dataDir, location } = self.settings;
      const figures = stack.use(
        createFigures({ clock, dataDir, commits, outputs, stalledMs: checking.stalledMs }),
      );
      started = (lagSeconds) => figures.started(lagSeconds);
      const own = stack.use(
        new OwnTroubles({
          clock,
          keeper,
          location,
          process: fleet.process?.name ?? null,
          figures: () => figures.read(),
        }),
      );
      own.load(await store.ruleStates());
      addOwnMetrics(metrics.registry, { own, keeper, network: checking.network });
      stack.use(watchNetwork(own, self, parts));
      own.start();
      if (fleet.process !== undefined) stack.use(watchOthers(keeper, parts, failed));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const everyMs = 1_000;
/** What was under way when the network came back has ended by then, ms. */
const lookAgainMs = 3_000;
/** Who could not be heard has so long to say something once it can be, ms. */
const graceMs = 10_000;

const orphansEveryMs = 10_000;

/** What rings of processes that are gone is over: nobody else would say so. */
function watchOthers(
  keeper: TroubleKeeper,
  { clock, store, fleet }: NoticingParts,
  onError: (error: unknown) => void,
): Disposable {
  async function look(): Promise<void> {
    if (!fleet.hasDuty("rules")) return;
    const kept = await store.ruleStates(ownPrefix);
    if (kept.length === 0) return;
    const alive = new Set(
      (await fleet.members()).flatMap(({ lapsedAt, leftAt, location, name }) =>
        lapsedAt === null && leftAt === null ? [ownSource({ location, process: name })] : [],
      ),
    );
    const orphans = kept.filter(({ source }) => !alive.has(source));
    keeper.load(orphans, ownPrefix);
    for (const { source, ruleId } of orphans) {
      keeper.clear({ source, ruleId }, clock.now(), "its process is gone");
    }
  }
  const timer = setInterval(() => void look().catch(onError), orphansEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Nobody is missed while the network is gone; whoever could not be checked is checked when it is back. */
function watchNetwork(
  own: OwnTroubles,
  { checking: { network }, schedule, deadlines, calls, runWatch }: SelfParts,
  { clock, board }: NoticingParts,
): Disposable {
  let deafUntil: number | null = null;
  let lookAgainAtMs: number | null = null;

  function deaf(since: number): void {
    const now = clock.now();
    deadlines.deaf(Math.max(0, now - Math.max(since, deafUntil ?? since)));
    deafUntil = now;
    calls.watch.deaf();
    runWatch.deaf();
  }

  /** Checks those of which nothing is known because of the network; answers how many there are. */
  function checkAgain(): number {
    const ids = [...board.entries()]
      .filter(({ monitor, lastCheck }) => monitor.enabled && lastCheck?.reason === "own_network")
      .map(({ monitor }) => monitor.id);
    for (const id of ids) void schedule.checkNow(id).catch(() => undefined);
    return ids.length;
  }

  function back({ from, to }: NetworkGap): void {
    deaf(from);
    deafUntil = null;
    deadlines.deaf(graceMs);
    own.networkBack({ from, to, monitors: checkAgain() });
    lookAgainAtMs = clock.monotonicMs() + lookAgainMs;
  }

  network.watch(back);
  const timer = setInterval(() => {
    if (network.goneSince !== null) deaf(network.goneSince);
    if (lookAgainAtMs === null || clock.monotonicMs() < lookAgainAtMs) return;
    lookAgainAtMs = null;
    checkAgain();
  }, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
