/**
 * The path of rules over series: samples on their way to the store → rules → signals in the store → alerting. And who
 * has which series: hosts and monitors as the board knows them, jobs as they were read last. Where several processes
 * share a database one hub looks at what all of them stored, read back from there.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AlertRules } from "./api/alerting/alert-rules.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost, hostSource } from "./model/host.ts";
import type { HostEntry } from "./model/host-entry.ts";
import { parseId, type HostId, type MonitorId } from "./model/id.ts";
import { jobSource, type ChangedRun, type Job, type JobId } from "./model/job.ts";
import { monitorSource } from "./model/monitor-series.ts";
import type { KeptRuleState, RuleFence } from "./model/rule-state.ts";
import type { Frame, SourceKey } from "./model/series.ts";
import type { Fleet } from "./fleet/port.ts";
import { preview, replay, type ReplaySubject } from "./rules/replay.ts";
import { RuleDuty } from "./rules/rule-duty.ts";
import { RuleRunner, type RuleCounts, type RunnerParts } from "./rules/rule-runner.ts";
import { SeriesFeed } from "./rules/series-feed.ts";
import type { Metrics } from "./self/metrics.ts";
import { addRuleMetrics } from "./self/metrics-rules.ts";
import type { RuleSubject } from "./rules/subject.ts";
import type { Store } from "./store/port.ts";

export interface RulePathParts {
  readonly clock: Clock;
  readonly store: RunnerParts["store"] &
    Pick<
      Store,
      "job" | "jobs" | "alertSettingChanges" | "ruleSteps" | "seriesTail" | "tailSources"
    >;
  readonly fleet: Pick<Fleet, "process" | "hasDuty" | "onHint">;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
  };
  readonly hosts: { get(id: HostId): HostEntry | undefined };
  readonly onSignals: () => void;
  readonly onError: (error: unknown) => void;
}

export interface RulePath extends AsyncDisposable {
  readonly runner: RuleRunner;
  /** For the API. */
  readonly alertRules: AlertRules;
  /** Takes up where the former process stopped. */
  load(): Promise<void>;
  /** Begins to look: from now on, or whenever this process has the duty. */
  start(): void;
  /** This process stored samples. */
  readonly take: (frames: readonly Frame[]) => void;
  /** Runs changed, and with them the series of their jobs. */
  readonly runsChanged: (changed: readonly ChangedRun[]) => void;
}

/** Draws the path as the hub has it. */
export function openRules({
  clock,
  log,
  metrics,
  store,
  board,
  hosts,
  fleet,
  alerting,
}: Pick<RulePathParts, "clock" | "board" | "hosts" | "fleet"> & {
  readonly log: { error(fields: object, message: string): void };
  readonly metrics: Pick<Metrics, "failed" | "registry">;
  readonly store: Store;
  readonly alerting: { wake(): void };
}): RulePath {
  const path = createRulePath({
    clock,
    store: { ...store, rules: () => store.alertSettings("alert_rule") },
    board,
    hosts,
    fleet,
    onSignals: () => alerting.wake(),
    onError(err) {
      metrics.failed("rules");
      log.error({ err }, "what rules found could not be read or written; trying again");
    },
  });
  addRuleMetrics(metrics.registry, () => path.runner.stats);
  return path;
}

/** Jobs that rules look at. */
const mostJobs = 10_000;

/** Draws the path. */
export function createRulePath(parts: RulePathParts): RulePath {
  const { store, board, hosts, fleet, onError } = parts;
  const jobs = new Map<JobId, RuleSubject>();
  const isShared = fleet.process !== undefined;
  const runner: RuleRunner = new RuleRunner({
    ...parts,
    ...(isShared
      ? {
          heardUpTo: () => duty.heardUpTo,
          shared: { fence: () => fenceOf(fleet), ruleSteps: () => store.ruleSteps() },
        }
      : {}),
    subject: (source) => subjectOf(source, board, hosts, jobs),
    sources: () => sourcesOf(board, jobs.keys()),
  });
  async function readJobs(ids: Iterable<JobId>): Promise<void> {
    for (const id of ids) {
      const job = await store.job(id);
      if (job === undefined) jobs.delete(id);
      else jobs.set(id, jobSubject(job));
    }
  }
  async function readAllJobs(): Promise<void> {
    const found = await store.jobs({ limit: mostJobs });
    jobs.clear();
    for (const job of found) jobs.set(job.id, jobSubject(job));
  }
  async function load(): Promise<void> {
    await readAllJobs();
    await runner.load();
  }
  const duty = new RuleDuty({
    runner,
    feed: new SeriesFeed({ clock: parts.clock, store, rules: () => runner.rules }),
    isOurs: () => fleet.hasDuty("rules"),
    takeUp: load,
    onFed: (frames) => readJobs(new Set(frames.flatMap(({ source }) => newJobOf(source, jobs)))),
    onError,
  });
  const seen: Seen = { isRunning: () => !isShared || duty.isRunning, kept: new Map() };
  if (isShared) followOthers(parts, { runner, duty, readAllJobs, seen });
  const subject = (source: SourceKey) => subjectOf(source, board, hosts, jobs);
  return {
    runner,
    alertRules: alertRulesOf(runner, parts, { subject, jobs, seen }),
    load: isShared ? () => runner.reload() : load,
    start: () => (isShared ? duty.start() : runner.start()),
    take: (frames) => (isShared ? undefined : runner.take(frames)),
    runsChanged(changed) {
      // Where several processes are, samples of runs come as all others do.
      if (isShared) return;
      const ids = new Set(changed.flatMap(({ jobIds }) => jobIds));
      if (ids.size === 0 || !runner.rules.isAbout("job")) return;
      void readJobs(ids)
        .then(() => runner.changed([...ids].map(jobSource)))
        .catch(onError);
    },
    async [Symbol.asyncDispose]() {
      await duty[Symbol.asyncDispose]();
      await runner[Symbol.asyncDispose]();
    },
  };
}

function fenceOf({ process }: Pick<Fleet, "process">): RuleFence | undefined {
  return process === undefined ? undefined : { process: process.id, duty: "rules" };
}

/** What rules found, where another hub looks at them. */
interface Seen {
  readonly isRunning: () => boolean;
  kept: ReadonlyMap<string, RuleCounts>;
}

/** What another hub found is counted no more often, ms: all states are read for it. */
const countPauseMs = 2_000;

/** Reads anew what other hubs changed or found. */
function followOthers(
  { store, fleet, onError }: RulePathParts,
  {
    runner,
    duty,
    readAllJobs,
    seen,
  }: {
    readonly runner: RuleRunner;
    readonly duty: RuleDuty;
    readonly readAllJobs: () => Promise<void>;
    readonly seen: Seen;
  },
): void {
  let known: number | null = null;
  fleet.onHint(["policy"], async () => {
    const changes = await store.alertSettingChanges();
    if (changes === known) return;
    await runner.reload();
    known = changes;
  });
  fleet.onHint(["runs"], async () => {
    if (duty.isRunning && runner.rules.isAbout("job")) await readAllJobs();
  });
  fleet.onHint(["signals"], async () => {
    if (duty.isRunning) return;
    seen.kept = countsOf(await store.ruleStates().catch(fail));
    await delay(countPauseMs, undefined, { ref: false });
  });
  function fail(error: unknown): readonly KeptRuleState[] {
    onError(error);
    return [];
  }
}

/** Of how many subjects each rule holds, and of how many it was known to and cannot be told now. */
function countsOf(states: readonly KeptRuleState[]): ReadonlyMap<string, RuleCounts> {
  const counts = new Map<string, RuleCounts>();
  for (const [ruleId, kept] of Map.groupBy(states, (one) => one.ruleId)) {
    const blind = kept.filter(({ state }) => state.blindSince !== null);
    const firing = kept.filter(
      ({ state }) => state.phase !== "pending" && state.blindSince === null,
    );
    counts.set(ruleId, { firing: sourcesIn(firing), cannotTell: sourcesIn(blind) });
  }
  return counts;
}

function sourcesIn(states: readonly KeptRuleState[]): number {
  return new Set(states.map(({ source }) => source)).size;
}

/** The job of a source, where it is not known yet. */
function newJobOf(source: SourceKey, jobs: ReadonlyMap<JobId, unknown>): readonly JobId[] {
  if (!source.startsWith("job:")) return [];
  const id = parseId<"job">(source.slice(4));
  return id === undefined || jobs.has(id) ? [] : [id];
}

/** What the API sees of the rules. */
function alertRulesOf(
  runner: RuleRunner,
  { clock, store, board }: RulePathParts,
  {
    subject,
    jobs,
    seen,
  }: {
    readonly subject: (source: SourceKey) => RuleSubject | undefined;
    readonly jobs: ReadonlyMap<JobId, RuleSubject>;
    readonly seen: Seen;
  },
): AlertRules {
  const trial = { store, monotonicMs: () => clock.monotonicMs() };
  function* subjects(): Iterable<ReplaySubject> {
    for (const source of sourcesOf(board, jobs.keys())) {
      const found = subject(source);
      if (found !== undefined) yield { source, subject: found };
    }
  }
  return {
    list: () =>
      runner.rules.rules.map(({ id, rule, kept, builtIn }) => ({
        id,
        rule,
        kept,
        isBuiltIn: builtIn !== null,
      })),
    counts: () => (seen.isRunning() ? runner.counts() : seen.kept),
    reload: () => runner.reload(),
    async replay(rule, range) {
      const found = await replay(rule, range, subjects(), trial);
      return {
        from: new Date(range.from).toISOString(),
        to: new Date(range.to).toISOString(),
        subjects: found.subjects,
        resolution_seconds: found.resolutionMs / 1000,
        rings: found.rings.map(({ startedAt, endedAt, value, ...ring }) => ({
          subject: ring.subject,
          series: { ...ring.series },
          started_at: new Date(startedAt).toISOString(),
          ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
          value,
        })),
        rings_truncated: found.isTruncated,
      };
    },
    async preview(rule) {
      const now = clock.now();
      const { found, isTruncated } = await preview(rule, now, subjects(), trial);
      return {
        at: new Date(now).toISOString(),
        items: found.map(({ subject: of, series, finding }) => ({
          subject: of,
          series: { ...series },
          result: finding.kind,
          value: "value" in finding && Number.isFinite(finding.value) ? finding.value : null,
        })),
        items_truncated: isTruncated,
      };
    },
  };
}

function* sourcesOf(board: RulePathParts["board"], jobs: Iterable<JobId>): Iterable<SourceKey> {
  for (const { monitor } of board.hostEntries()) yield hostSource(monitor.id);
  for (const { monitor } of board.entries()) yield monitorSource(monitor.id);
  for (const id of jobs) yield jobSource(id);
}

/** A store that hands on the samples it took. */
export function tapSamples(store: Store, take: (frames: readonly Frame[]) => void): Store {
  return {
    ...store,
    async append(frames) {
      const done = await store.append(frames);
      take(frames);
      return done;
    },
    async commit(change) {
      const result = await store.commit(change);
      if (result === "stored") take(change.frames);
      return result;
    },
  };
}

function subjectOf(
  source: SourceKey,
  board: RulePathParts["board"],
  hosts: RulePathParts["hosts"],
  jobs: ReadonlyMap<JobId, RuleSubject>,
): RuleSubject | undefined {
  const at = source.indexOf(":");
  const id = source.slice(at + 1);
  if (source.startsWith("job:")) {
    const jobId = parseId<"job">(id);
    return jobId === undefined ? undefined : jobs.get(jobId);
  }
  const monitorId = parseId<"monitor">(id);
  const entry = monitorId === undefined ? undefined : board.get(monitorId);
  if (entry === undefined || monitorId === undefined) return undefined;
  const { monitor } = entry;
  const { name, labels, enabled: isWatched } = monitor;
  const isHost = followsHost(monitor);
  const host = isHost ? hosts.get(monitorId) : undefined;
  return {
    kind: isHost ? "host" : "monitor",
    id,
    name,
    labels,
    intervalMs: isHost ? (host?.host.intervalMs ?? 0) : monitor.intervalMs,
    clockOffsetMs: host?.clockOffsetMs ?? 0,
    isWatched,
    origin: monitor,
  };
}

function jobSubject(job: Job): RuleSubject {
  const { id, name, siteId, appName } = job;
  return {
    kind: "job",
    id,
    name,
    labels: { site: siteId, app: appName },
    intervalMs: null,
    clockOffsetMs: 0,
    isWatched: true,
    origin: job,
  };
}
