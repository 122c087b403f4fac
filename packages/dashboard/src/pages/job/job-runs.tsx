/** The runs of a job, those that began last first. */
import type { RunView } from "@belfry/contract";
import { formatShare } from "../../format/number.ts";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { ColumnTitles } from "../../parts/column-titles.tsx";
import { ProgressBar, RunLabel } from "../../parts/run-mark.tsx";
import {
  errorLine,
  lastedWords,
  progressWords,
  ratioOf,
  stateOfRun,
} from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { runPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import type { JobModel } from "./job-model.ts";

const columns = [
  { title: "Began" },
  { title: "State" },
  { title: "Took", class: "num" },
  { title: "What it says" },
];

/** Draws the table. */
export function JobRuns({ model }: { model: JobModel }) {
  const page = model.runs.value;
  return (
    <section class="job-section" aria-labelledby="runs-title">
      <header>
        <h2 id="runs-title">Runs</h2>
      </header>
      {page?.items.length === 0 ? (
        <p class="quiet">None is kept.</p>
      ) : (
        <table class="job-runs">
          <ColumnTitles columns={columns} />
          <tbody>
            {page?.items.map((run) => (
              <Run key={run.id} run={run} />
            ))}
          </tbody>
        </table>
      )}
      {page?.next_cursor != null && (
        <button type="button" onClick={() => void model.olderRuns()}>
          Older runs
        </button>
      )}
    </section>
  );
}

function Run({ run }: { run: RunView }) {
  const state = stateOfRun(run);
  const began = run.started_at === null ? null : Date.parse(run.started_at);
  return (
    <tr class={`list-row is-${state}`}>
      <th scope="row">
        <a class="row-link" href={formatRoute(runPage(run.id))}>
          {began === null ? (
            run.run_id
          ) : (
            <time dateTime={run.started_at ?? ""} title={formatInstant(began)}>
              {formatMoment(began, Date.now())}
            </time>
          )}
        </a>
      </th>
      <td class="job-run-state">
        <RunLabel state={state} />
        {run.is_slow && <span class="chip run-slow">slow</span>}
      </td>
      <td class="num">
        <Lasted run={run} />
      </td>
      <td class="job-run-words">
        {run.status === "running" ? <Progress run={run} /> : errorLine(run)}
      </td>
    </tr>
  );
}

function Lasted({ run }: { run: RunView }) {
  const { now } = useParts();
  return <>{lastedWords(run, run.status === "running" ? now.value : 0)}</>;
}

function Progress({ run }: { run: RunView }) {
  const ratio = ratioOf(run);
  return (
    <>
      <span>
        {ratio !== null && <b>{formatShare(ratio)}</b>} {progressWords(run)}
      </span>
      <ProgressBar run={run} />
    </>
  );
}
