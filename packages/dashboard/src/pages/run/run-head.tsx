/** The top of a run's page: what it is, how it goes, when, where. */
import type { RunTreeView, RunView } from "@belfry/contract";
import { formatShare } from "../../format/number.ts";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ProgressBar, RunMark } from "../../parts/run-mark.tsx";
import {
  errorLine,
  lastedWords,
  nameOfRun,
  progressWords,
  ratioOf,
  stateOfRun,
  stateTitle,
} from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { jobPage, plainJobs, runPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";

interface HeadProps {
  readonly run: RunTreeView;
  readonly parent: RunView | null;
  /** Where it runs: `db-1, process 4711`; empty where it does not say. */
  readonly place: string;
}

/** Draws the top. */
export function RunHead({ run, parent, place }: HeadProps) {
  const version = run.app_version === null ? "" : ` ${run.app_version}`;
  return (
    <PageHead noun="run" list={listOf(run, parent)} name={nameOfRun(run)} actions={false}>
      <RunState run={run} />
      <p class="page-line">
        {run.job_id !== null && parent !== null && (
          <a href={formatRoute(jobPage(run.job_id))}>all its runs</a>
        )}
        {run.app !== "" && <span class="chip">{`${run.app}${version}`}</span>}
        {run.site !== "" && <span class="chip">{run.site}</span>}
        {run.sub_key !== null && run.sub_key !== nameOfRun(run) && (
          <span class="chip">{run.sub_key}</span>
        )}
        {place !== "" && <span>{place}</span>}
        <span class="run-id" title="As its client names it">
          {run.run_id}
        </span>
        {run.trace !== null && (
          <span class="run-id" title="Trace id">
            trace {run.trace.trace_id}
          </span>
        )}
      </p>
    </PageHead>
  );
}

function listOf(run: RunView, parent: RunView | null) {
  if (parent !== null) return { title: nameOfRun(parent), href: formatRoute(runPage(parent.id)) };
  if (run.job_id !== null) {
    return { title: nameOfRun(run), href: formatRoute(jobPage(run.job_id)) };
  }
  return { title: "Jobs", href: formatRoute(plainJobs) };
}

function RunState({ run }: { run: RunView }) {
  const { now } = useParts();
  const state = stateOfRun(run);
  const isRunning = run.status === "running";
  const error = errorLine(run);
  return (
    <div class={`run-state is-${state}`}>
      <span class="visually-hidden" role="status">
        {stateTitle(state)}
      </span>
      <div class="run-state-line">
        <p>
          <RunMark state={state} />
          <strong>{stateTitle(state)}</strong> {isRunning ? "for" : "after"}{" "}
          <span class="run-lasted">{lastedWords(run, isRunning ? now.value : 0)}</span>
          {run.is_slow && <span class="chip run-slow">slow</span>}
        </p>
        <Times run={run} />
      </div>
      {isRunning && <Progress run={run} />}
      {error !== "" && <p class="run-error-line">{error}</p>}
    </div>
  );
}

function Times({ run }: { run: RunView }) {
  if (run.started_at === null) return <p class="quiet">Only its parts were heard so far.</p>;
  const began = Date.parse(run.started_at);
  const ended = run.ended_at === null ? null : Date.parse(run.ended_at);
  const isLost = run.status === "lost" && run.last_event_at !== null;
  return (
    <p class="quiet run-times">
      began{" "}
      <time dateTime={run.started_at} title={formatInstant(began)}>
        {formatMoment(began, Date.now())}
      </time>
      {ended !== null && (
        <>
          , ended{" "}
          <time dateTime={run.ended_at ?? ""} title={formatInstant(ended)}>
            {formatMoment(ended, Date.now())}
          </time>
        </>
      )}
      {(isLost || run.status === "running") && run.last_event_at !== null && (
        <>
          , last heard <Ago at={run.last_event_at} />
        </>
      )}
    </p>
  );
}

function Progress({ run }: { run: RunView }) {
  const ratio = ratioOf(run);
  return (
    <div class="run-progress">
      <ProgressBar run={run} />
      <p>
        {ratio !== null && <b>{formatShare(ratio)}</b>} <span>{progressWords(run)}</span>
      </p>
    </div>
  );
}
