/** Runs of all jobs that failed or were lost, those that began last first. */
import { useSignalEffect } from "@preact/signals";
import type { RunView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { ColumnTitles } from "../../parts/column-titles.tsx";
import { RunLabel } from "../../parts/run-mark.tsx";
import { errorLine, lastedWords, nameOfRun, stateOfRun } from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { runPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import { createFailuresModel, type FailuresModel } from "./failures-model.ts";
import { JobTabs } from "./jobs-head.tsx";
import "./jobs-page.css";

/** Draws the list. */
export function FailuresPage() {
  const { client, live } = useParts();
  const model = useMemo(() => createFailuresModel({ client, live }), [client, live]);
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    document.title = "Recent failures – Belfry";
  });
  const page = model.runs.value;
  const failure = model.failure.value;
  if (page === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The failures" failure={failure} onRetry={() => model.refresh()} />;
  }
  return (
    <>
      <div class="headline failures-headline">
        <h1>Recent failures</h1>
      </div>
      <JobTabs page="failures" />
      {page.items.length === 0 ? (
        <p class="failures-none">No run has failed, and none was lost.</p>
      ) : (
        <Failures runs={page.items} />
      )}
      {page.next_cursor !== null && <Older model={model} />}
    </>
  );
}

const columns = [
  { title: "Began" },
  { title: "Job" },
  { title: "State" },
  { title: "After", class: "num" },
  { title: "What went wrong" },
];

function Failures({ runs }: { runs: readonly RunView[] }) {
  return (
    <table class="failures">
      <ColumnTitles columns={columns} />
      <tbody>
        {runs.map((run) => (
          <FailureRow key={run.id} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function FailureRow({ run }: { run: RunView }) {
  const began = run.started_at === null ? null : Date.parse(run.started_at);
  const state = stateOfRun(run);
  return (
    <tr class={`list-row is-${state}`}>
      <td class="failure-began">
        {began === null ? (
          "–"
        ) : (
          <time dateTime={new Date(began).toISOString()} title={formatInstant(began)}>
            {formatMoment(began, Date.now())}
          </time>
        )}
      </td>
      <th scope="row" class="failure-job">
        <a class="row-link" href={formatRoute(runPage(run.id))}>
          {nameOfRun(run)}
        </a>
        <span class="job-where">
          {[run.app, run.site, run.parent_id === null ? "" : "part of a run"]
            .filter((part) => part !== "")
            .join(" · ")}
        </span>
      </th>
      <td class="failure-state">
        <RunLabel state={state} />
      </td>
      <td class="num failure-after">{lastedWords(run, Date.now())}</td>
      <td class="failure-error">{errorLine(run)}</td>
    </tr>
  );
}

function Older({ model }: { model: FailuresModel }) {
  return (
    <button type="button" class="failures-older" onClick={() => void model.older()}>
      Older failures
    </button>
  );
}
