/** The run beside the last good one before it. */
import type { RunTreeView } from "@belfry/contract";
import { formatInstant, formatMoment } from "../../format/time.ts";
import { ColumnTitles } from "../../parts/column-titles.tsx";
import { lengthWords, nameOfRun } from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { runPage } from "../../route/job-route.ts";
import { changeWords, compareRuns, isMuchMore, type Compared } from "./compare.ts";
import { figureTitle, figureWords } from "../../parts/figure-words.ts";
import type { Previous, RunModel } from "./run-model.ts";

interface CompareProps {
  readonly run: RunTreeView;
  readonly model: RunModel;
}

/** Offers to compare, and then does. */
export function CompareView({ run, model }: CompareProps) {
  const previous = model.previous.value;
  if (run.job_id === null) return null;
  return (
    <section class="run-section" aria-labelledby="compare-title">
      <header>
        <h2 id="compare-title">Compared with the last good run</h2>
      </header>
      {previous.kind === "found" ? (
        <Sides run={run} before={previous.run} />
      ) : (
        <NotYet previous={previous} model={model} />
      )}
    </section>
  );
}

function NotYet({ previous, model }: { previous: Previous; model: RunModel }) {
  if (previous.kind === "none") {
    return <p class="quiet">No run of this job succeeded before this one.</p>;
  }
  return (
    <p class="compare-ask">
      <button
        type="button"
        disabled={previous.kind === "looking"}
        onClick={() => void model.findPrevious()}
      >
        {previous.kind === "looking" ? "Looking…" : "Compare"}
      </button>
      {previous.kind === "failed" && <span role="alert">It could not be read.</span>}
    </p>
  );
}

function Sides({ run, before }: { run: RunTreeView; before: RunTreeView }) {
  const { durations, metrics } = compareRuns(run, before, Date.now());
  const began = before.started_at === null ? null : Date.parse(before.started_at);
  return (
    <>
      <p class="quiet">
        With{" "}
        <a
          href={formatRoute(runPage(before.id))}
          title={began === null ? "" : formatInstant(began)}
        >
          that of {began === null ? "before" : formatMoment(began, Date.now())}
        </a>
        . Parts of the same name are summed up.
      </p>
      <div class="compare-tables">
        <SideTable
          what="Duration"
          rows={durations.map((row) => ({
            ...row,
            title: row.name === "" ? nameOfRun(run) : row.name,
            words: lengthWords,
          }))}
        />
        {metrics.length > 0 && (
          <SideTable
            what="Figure"
            rows={metrics.map((row) => ({
              ...row,
              title: figureTitle(row.name),
              words: (value: number) => figureWords(row.name, value).words,
            }))}
          />
        )}
      </div>
    </>
  );
}

interface SideRow extends Compared {
  readonly title: string;
  readonly words: (value: number) => string;
}

function SideTable({ what, rows }: { what: string; rows: readonly SideRow[] }) {
  return (
    <table class="run-table compare-table">
      <ColumnTitles
        columns={[
          { title: what },
          { title: "Good run", class: "num" },
          { title: "This run", class: "num" },
          { title: "Change", class: "num" },
        ]}
      />
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.title}</th>
            <td class="num">{row.before === null ? "–" : row.words(row.before)}</td>
            <td class="num">{row.now === null ? "–" : row.words(row.now)}</td>
            <td class={isMuchMore(row) ? "num compare-more" : "num"}>{changeWords(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
