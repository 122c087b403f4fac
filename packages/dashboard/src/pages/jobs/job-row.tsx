/** One job of the list. */
import { useComputed, type ReadonlySignal } from "@preact/signals";
import type { JobView, RunView } from "@belfry/contract";
import { formatShare } from "../../format/number.ts";
import { formatInstant } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { sparkPath } from "../../parts/day-bar.ts";
import { ProgressBar, RunLabel, RunStrip } from "../../parts/run-mark.tsx";
import {
  lastedWords,
  progressWords,
  ratioOf,
  stateOfJob,
  stateOfRun,
  stateTitle,
} from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { jobPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import { trendKey, type Trends } from "./trends.ts";

interface RowProps {
  readonly row: ReadonlySignal<JobView>;
  readonly trends: Trends;
  /** From 0, in the whole list. */
  readonly place: number;
}

const stripPlaces = 20;

/** Draws the row; it redraws when its own job changes. */
export function JobRow({ row, trends, place }: RowProps) {
  const job = row.value;
  const state = stateOfJob(job);
  const others = job.troubles.filter((trouble) => trouble !== state);
  return (
    <tr
      class={`list-row job-row is-${state}`}
      data-place={place}
      aria-rowindex={place + 2}
      data-state={state}
    >
      <td class="job-state">
        <RunLabel state={state} />
        {others.length > 0 && (
          <span class="row-since">
            and {others.map((trouble) => stateTitle(trouble).toLowerCase()).join(", ")}
          </span>
        )}
      </td>
      <th scope="row" class="job-name">
        <a class="row-link" href={formatRoute(jobPage(job.id))}>
          {job.name}
        </a>
        <span class="job-where">
          {[job.app, job.site].filter((part) => part !== "").join(" · ")}
        </span>
      </th>
      <td class="job-strip">
        <RunStrip recent={job.recent} places={stripPlaces} />
      </td>
      <td class="job-last">
        {job.last_run === null ? <span class="quiet">–</span> : <LastRun run={job.last_run} />}
      </td>
      <td class="job-trend">
        <Trend job={job} trends={trends} />
      </td>
      <td class="job-next">
        <NextExpected job={job} />
      </td>
    </tr>
  );
}

/** When the last run was and how long it took; of one under way, how far it is. */
function LastRun({ run }: { run: RunView }) {
  if (run.status === "running") return <Progress run={run} />;
  return (
    <>
      <span>
        {run.started_at === null ? "–" : <Ago at={run.started_at} />}
        {run.duration_seconds !== null && (
          <span class="job-took"> · took {lastedWords(run, 0)}</span>
        )}
      </span>
      {stateOfRun(run) === "failed" && run.error !== null && (
        <span class="job-error">{run.error.message ?? run.error.type}</span>
      )}
    </>
  );
}

function Progress({ run }: { run: RunView }) {
  const { now } = useParts();
  const ratio = ratioOf(run);
  const words = progressWords(run);
  return (
    <>
      <span class="job-running">
        <span>
          {ratio !== null && <b>{formatShare(ratio)}</b>} {words}
        </span>
        <span class="quiet">{lastedWords(run, now.value)}</span>
      </span>
      <ProgressBar run={run} />
    </>
  );
}

const width = 80;
const height = 22;

function Trend({ job, trends }: { job: JobView; trends: Trends }) {
  const key = trendKey(job);
  const drawn = useComputed(() =>
    sparkPath(trends.lines.value.get(key) ?? [], { width, height }),
  ).value;
  return (
    <svg class="spark job-spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={drawn.line} />
      {drawn.dots.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="1.4" />
      ))}
    </svg>
  );
}

/** When the next run is expected, or since when one is missing. */
export function NextExpected({ job }: { job: JobView }) {
  if (job.late_since !== null) {
    return (
      <span class="job-late" title={`Since ${formatInstant(Date.parse(job.late_since))}`}>
        late for <Ago at={job.late_since} as="since" />
      </span>
    );
  }
  if (job.next_expected_at !== null) return <Ago at={job.next_expected_at} />;
  return <span class="quiet">–</span>;
}
