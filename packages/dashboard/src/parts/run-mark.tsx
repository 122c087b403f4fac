/** The shape of a job's or run's state, with or without its word; how far a run is; how the last runs ended. */
import type { RunView, ShownRunStatus } from "@belfry/contract";
import { formatShare } from "../format/number.ts";
import type { JobState } from "../route/job-route.ts";
import { progressWords, ratioOf, stateShape, stateTitle } from "./run-words.ts";
import { describeRuns } from "./run-strip.ts";
import "./status-mark.css";
import "./run-mark.css";

/** The shape alone: for where the word stands beside it. */
export function RunMark({ state }: { state: JobState }) {
  return (
    <svg class={`status-mark is-${state}`} viewBox="0 0 12 12" aria-hidden="true">
      <path fill-rule="evenodd" d={stateShape(state)} />
    </svg>
  );
}

/** The shape and the word. */
export function RunLabel({ state }: { state: JobState }) {
  return (
    <span class={`status-label is-${state}`}>
      <RunMark state={state} />
      {stateTitle(state)}
    </span>
  );
}

/** A bar of how far a run is; one that does not say so moves to and fro. */
export function ProgressBar({ run }: { run: RunView }) {
  const ratio = ratioOf(run);
  const words = progressWords(run);
  return (
    <span
      class={ratio === null ? "progress progress-unknown" : "progress"}
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={ratio === null ? undefined : Math.round(ratio * 100)}
      aria-valuetext={[ratio === null ? "" : formatShare(ratio), words]
        .filter((part) => part !== "")
        .join(", ")}
    >
      <span style={ratio === null ? {} : { "--share": ratio }} />
    </span>
  );
}

/** Height of a run in the strip as a share: what is quiet stays low, what rings stands tall. */
const heights = {
  succeeded: 0.45,
  running: 0.6,
  canceled: 0.3,
  lost: 1,
  failed: 1,
} as const satisfies Record<ShownRunStatus, number>;

const slot = 7;
const height = 22;

interface StripProps {
  /** The newest first. */
  readonly recent: readonly ShownRunStatus[];
  /** So many places there are. */
  readonly places: number;
}

/** The last runs as a strip, the newest at the right. */
export function RunStrip({ recent, places }: StripProps) {
  const shown = recent.slice(0, places).toReversed();
  const first = places - shown.length;
  return (
    <svg
      class="run-strip"
      viewBox={`0 0 ${places * slot - 2} ${height}`}
      role="img"
      aria-label={describeRuns(recent.slice(0, places))}
    >
      <path class="run-strip-foot" d={`M0 ${height - 1}h${places * slot - 2}v1H0z`} />
      {shown.map((status, i) => {
        const tall = Math.round(height * heights[status]);
        return (
          <rect
            // oxlint-disable-next-line react/no-array-index-key -- runs of a strip have nothing but their place
            key={i}
            class={`is-${status}`}
            x={(first + i) * slot}
            y={height - tall}
            width={slot - 2}
            height={tall}
          />
        );
      })}
    </svg>
  );
}
