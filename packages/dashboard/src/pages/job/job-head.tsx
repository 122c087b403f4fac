/** The top of a job's page: what it is, how it is, what is expected of it. */
import type { JobView } from "@belfry/contract";
import { formatLatency } from "../../format/number.ts";
import { formatAgo, formatDuration, formatInstant } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { Icon } from "../../parts/icon.tsx";
import { DeleteButton, PageHead } from "../../parts/page-head.tsx";
import { ProgressBar, RunMark, RunStrip } from "../../parts/run-mark.tsx";
import {
  errorLine,
  lastedWords,
  progressWords,
  stateMeaning,
  stateOfJob,
  stateTitle,
} from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { plainJobs, runPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import { isZone, ownZone, scheduleWords, timeIn } from "./schedule-words.ts";

interface HeadProps {
  readonly job: JobView;
  /** Whether changes are for whoever looks. */
  readonly writes: boolean;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

/** Draws the top. */
export function JobHead({ job, writes, onEdit, onDelete }: HeadProps) {
  return (
    <PageHead
      noun="job"
      list={{ title: "Jobs", href: formatRoute(plainJobs) }}
      name={job.name}
      actions={
        writes && (
          <>
            <button type="button" aria-keyshortcuts="e" onClick={onEdit}>
              <Icon name="edit" />
              Expectations
            </button>
            <DeleteButton onDelete={onDelete} />
          </>
        )
      }
    >
      <p class="page-line">
        {job.app !== "" && <span class="chip">{job.app}</span>}
        {job.site !== "" && <span class="chip">{job.site}</span>}
        {job.type !== "job" && <span class="chip">{job.type}</span>}
      </p>
      <JobStateBox job={job} />
    </PageHead>
  );
}

const stripPlaces = 30;

function JobStateBox({ job }: { job: JobView }) {
  const state = stateOfJob(job);
  const others = job.troubles.filter((trouble) => trouble !== state);
  return (
    <div class={`job-state-box is-${state}`}>
      <span class="visually-hidden" role="status">
        {stateTitle(state)}
      </span>
      <div>
        <p>
          <RunMark state={state} />
          <strong>{stateTitle(state)}</strong>
          {others.map((trouble) => (
            <span key={trouble} class={`job-other is-${trouble}`} title={stateMeaning(trouble)}>
              {stateTitle(trouble).toLowerCase()}
            </span>
          ))}
        </p>
        <LastRun job={job} />
      </div>
      <RunStrip recent={job.recent} places={stripPlaces} />
    </div>
  );
}

function LastRun({ job }: { job: JobView }) {
  const { now } = useParts();
  const run = job.last_run;
  if (run === null) return <p class="quiet">No run was heard of yet.</p>;
  const isRunning = run.status === "running";
  const error = errorLine(run);
  return (
    <>
      <p class="job-last-run">
        <a href={formatRoute(runPage(run.id))}>{isRunning ? "This run" : "The last run"}</a> began{" "}
        {run.started_at === null ? "some time ago" : <Ago at={run.started_at} />}
        {isRunning
          ? `, ${progressWords(run)}`.replace(/^, $/, "")
          : ` and took ${lastedWords(run, now.peek())}`}
      </p>
      {isRunning && <ProgressBar run={run} />}
      {error !== "" && <p class="job-last-error">{error}</p>}
    </>
  );
}

/** What is expected and what is usual. */
export function JobFacts({ job }: { job: JobView }) {
  const { durations, slow_limit_seconds: slow } = job;
  return (
    <dl class="job-facts">
      <div>
        <dt>Typical</dt>
        <dd>
          {durations === null ? "–" : seconds(durations.typical_seconds)}
          <span>{durations === null ? "not enough runs yet" : `of ${durations.runs} runs`}</span>
        </dd>
      </div>
      <div>
        <dt>95 in 100 within</dt>
        <dd>{durations === null ? "–" : seconds(durations.p95_seconds)}</dd>
      </div>
      <div>
        <dt>Slow after</dt>
        <dd>
          {slow === null ? "–" : seconds(slow)}
          <span>{job.slow_after_seconds === null ? "as learned" : "as set"}</span>
        </dd>
      </div>
      <Expected job={job} />
    </dl>
  );
}

function Expected({ job }: { job: JobView }) {
  const { now } = useParts();
  if (job.schedule === null) {
    return (
      <div class="job-expected">
        <dt>Expected</dt>
        <dd>
          –<span>at no certain time</span>
        </dd>
      </div>
    );
  }
  const zone = job.schedule.kind === "cron" ? job.schedule.timezone : ownZone();
  const other = zone !== ownZone() && isZone(zone) ? zone : null;
  const late = job.late_since === null ? null : Date.parse(job.late_since);
  const next = job.next_expected_at === null ? null : Date.parse(job.next_expected_at);
  return (
    <div class="job-expected">
      <dt>Expected {scheduleWords(job.schedule)}</dt>
      <dd>
        {late !== null ? (
          <span class="job-expected-late" title={formatInstant(late)}>
            late for {formatDuration(Math.max(1000, now.value - late))}
          </span>
        ) : next === null ? (
          "–"
        ) : (
          formatAgo(next, now.value)
        )}
        <ol aria-label="The next times">
          {job.expected_times.map((time) => (
            <li key={time}>
              <time dateTime={time}>{timeIn(Date.parse(time), ownZone())}</time>
              {other !== null && (
                <span class="job-other-zone">
                  {timeIn(Date.parse(time), other)} {other}
                </span>
              )}
            </li>
          ))}
        </ol>
      </dd>
    </div>
  );
}

function seconds(value: number): string {
  return value < 60 ? formatLatency(value * 1000) : formatDuration(value * 1000);
}
