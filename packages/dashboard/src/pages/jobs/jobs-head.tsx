/** The top of the pages of jobs: how things stand in one sentence, the counts that filter, and the way to failures. */
import { formatCount, formatPlural } from "../../format/number.ts";
import { RunMark } from "../../parts/run-mark.tsx";
import { jobTroubleStates, stateMeaning, stateTitle } from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { plainFailures, plainJobs, type JobState, type JobsView } from "../../route/job-route.ts";

interface HeadProps {
  readonly counts: readonly { readonly state: JobState; readonly count: number }[];
  readonly view: JobsView;
}

/** How the jobs stand. */
export function JobsHeadline({ counts, view }: HeadProps) {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const troubles = counts.filter(({ state }) => jobTroubleStates.some((one) => one === state));
  const running = counts.find(({ state }) => state === "running")?.count ?? 0;
  return (
    <div class="headline jobs-headline">
      <h1>
        {troubles.map(({ state, count }, i) => (
          <span key={state} class={`is-${state}`}>
            {i > 0 && <span class="headline-rest">, </span>}
            <em>
              {formatCount(count)} {stateTitle(state).toLowerCase()}
            </em>
          </span>
        ))}{" "}
        <span class={troubles.length > 0 ? "headline-rest" : ""}>
          {troubles.length > 0
            ? `of ${formatPlural(total, "job")}`
            : running > 0
              ? `${formatPlural(running, "job")} running, nothing amiss`
              : "Every job is well"}
        </span>
      </h1>
      <div class="tally" aria-hidden="true">
        {counts.map(({ state, count }) => (
          <span key={state} class={`is-${state}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul class="tally-keys" aria-label="Filter by state">
        {counts.map(({ state, count }) => (
          <li key={state}>
            <a
              href={formatRoute({ ...view, states: toggled(view.states, state) })}
              aria-current={view.states.includes(state) ? "true" : undefined}
              title={stateMeaning(state)}
            >
              <RunMark state={state} />
              <span>{stateTitle(state)}</span>
              <b>{formatCount(count)}</b>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function toggled(asked: readonly JobState[], state: JobState): readonly JobState[] {
  return asked.includes(state) ? asked.filter((one) => one !== state) : [...asked, state];
}

/** The two lists of jobs. */
export function JobTabs({ page }: { page: "jobs" | "failures" }) {
  const current = (one: string) => (one === page ? "page" : undefined);
  return (
    <nav class="job-tabs" aria-label="Jobs">
      <a href={formatRoute(plainJobs)} aria-current={current("jobs")}>
        All jobs
      </a>
      <a href={formatRoute(plainFailures)} aria-current={current("failures")}>
        Recent failures
      </a>
    </nav>
  );
}
