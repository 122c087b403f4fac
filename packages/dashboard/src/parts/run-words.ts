/** What is said and drawn for each state of a job or run. Colour is never alone: each has its own word and shape. */
import type { JobView, RunView } from "@belfry/contract";
import { formatLatency } from "../format/number.ts";
import { formatDuration } from "../format/time.ts";
import type { JobState } from "../route/job-route.ts";

const words = {
  failed: { title: "Failed", meaning: "Ended with an error" },
  lost: { title: "Lost", meaning: "Was not heard from any more before it ended" },
  late: { title: "Late", meaning: "No run began when one was expected" },
  slow: { title: "Slow", meaning: "Took, or takes, longer than it should" },
  running: { title: "Running", meaning: "Under way" },
  waiting: { title: "Waiting", meaning: "Nothing of it was heard yet" },
  canceled: { title: "Canceled", meaning: "Ended on purpose before it was done" },
  succeeded: { title: "Succeeded", meaning: "Ended as it should" },
} as const satisfies Record<JobState, { title: string; meaning: string }>;

/** The word for a state. */
export function stateTitle(state: JobState): string {
  return words[state].title;
}

/** What a state means, in a few words. */
export function stateMeaning(state: JobState): string {
  return words[state].meaning;
}

/** States somebody should look at. */
export const jobTroubleStates = ["failed", "lost", "late", "slow"] as const satisfies JobState[];

/** The worst that holds of a job. */
export function stateOfJob(job: Pick<JobView, "troubles" | "last_run">): JobState {
  const trouble = jobTroubleStates.find((one) => job.troubles.includes(one));
  return trouble ?? job.last_run?.status ?? "waiting";
}

/** The state of a run; one of which only its subruns were heard waits. */
export function stateOfRun(run: Pick<RunView, "status">): JobState {
  return run.status ?? "waiting";
}

/** Shapes on a field of 12 × 12, drawn with the even-odd rule. */
const shapes = {
  failed:
    "M1 1h10v10H1zM3.9 2.9L2.9 3.9L5 6L2.9 8.1L3.9 9.1L6 7L8.1 9.1L9.1 8.1L7 6L9.1 3.9L8.1 2.9L6 5z",
  lost: "M6 .5L11.5 6L6 11.5L.5 6zM6 2.6L2.6 6L6 9.4L9.4 6z",
  late: "M6 .8a5.2 5.2 0 1 0 0 10.4a5.2 5.2 0 0 0 0-10.4zM5.3 2.8h1.4v3l2 1.2l-.7 1.2L5.3 6.6z",
  slow: "M6 1l5.4 10H.6z",
  running: "M2.5 1l8 5l-8 5z",
  waiting:
    "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zm0 1.5a3 3 0 1 1 0 6a3 3 0 0 1 0-6zM5.4 4h1.2v2.2H5.4z",
  canceled: "M2 2h8v8H2zM3.6 3.6v4.8h4.8V3.6z",
  succeeded: "M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z",
} as const satisfies Record<JobState, string>;

/** The path of a state's shape. */
export function stateShape(state: JobState): string {
  return shapes[state];
}

/** What a run is called: of a part its own key first, of a job its name. */
export function nameOfRun(run: RunView): string {
  const isPart = run.parent_id !== null || run.type === "subjob";
  const keys = isPart ? [run.sub_key, run.business_key] : [run.business_key, run.sub_key];
  return keys.find((key) => key !== null && key !== "") ?? run.type ?? run.run_id;
}

/**
 * How long a run took, or has taken by `now`, in ms; of a lost one, until it was last heard of. null where that is not
 * known.
 */
export function lastedMs(run: RunView, now: number): number | null {
  const began = run.started_at === null ? null : Date.parse(run.started_at);
  if (began !== null && run.status === "running") return Math.max(0, now - began);
  if (run.duration_seconds !== null) return run.duration_seconds * 1000;
  if (began === null || run.status !== "lost" || run.last_event_at === null) return null;
  return Math.max(0, Date.parse(run.last_event_at) - began);
}

/** The same in words: `3 min 5 s`, `4.25 s`; `–` where it is not known. What runs is counted in whole seconds. */
export function lastedWords(run: RunView, now: number): string {
  const ms = lastedMs(run, now);
  if (ms === null) return "–";
  return run.status === "running" ? formatDuration(ms) : lengthWords(ms);
}

/** How long something took that is over: short times to the hundredth of a second. */
export function lengthWords(ms: number): string {
  return ms > 0 && ms < 9995 ? formatLatency(ms) : formatDuration(ms);
}

/** How far a run is, from 0 to 1; null where it does not say. */
export function ratioOf({ progress }: Pick<RunView, "progress">): number | null {
  if (progress === null) return null;
  const { ratio, current, total } = progress;
  const found = ratio ?? (current !== null && total !== null && total > 0 ? current / total : null);
  return found === null ? null : Math.min(1, Math.max(0, found));
}

/** What a run says of how far it is: `3 of 10 · loading`. */
export function progressWords({ progress }: Pick<RunView, "progress">): string {
  if (progress === null) return "";
  const { current, total, message } = progress;
  const counted =
    current === null
      ? ""
      : total === null
        ? `${count(current)}`
        : `${count(current)} of ${count(total)}`;
  return [counted, message ?? ""].filter((part) => part !== "").join(" · ");
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

function count(value: number): string {
  return whole.format(value);
}

/** The first line of what went wrong: `OSError: disk full`. */
export function errorLine({ error, status }: Pick<RunView, "error" | "status">): string {
  if (status === "lost") return "No word of it came any more: killed, or cut off.";
  if (error === null) return "";
  const message = (error.message ?? "").split("\n", 1)[0] ?? "";
  if (error.type === null || message.startsWith(error.type)) return message;
  return message === "" ? error.type : `${error.type}: ${message}`;
}
