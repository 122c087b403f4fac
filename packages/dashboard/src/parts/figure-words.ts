/** What the figures of a run are called and how they are said. */
import { formatBytes, formatLatency, formatShare } from "../format/number.ts";
import { formatDuration } from "../format/time.ts";

interface Known {
  readonly title: string;
  readonly words: (value: number) => string;
}

const seconds = (value: number): string =>
  value < 60 ? formatLatency(value * 1000) : formatDuration(value * 1000);
const mebibytes = (value: number): string => formatBytes(value * 1_048_576);

/** Names the SDK uses. */
const known: Readonly<Record<string, Known>> = {
  duration_s: { title: "Duration", words: seconds },
  cpu_user_s: { title: "CPU, user", words: seconds },
  cpu_system_s: { title: "CPU, system", words: seconds },
  mem_max_mb: { title: "Peak memory", words: mebibytes },
  event_loop_lag_max_s: { title: "Longest event-loop lag", words: seconds },
  progress_pct: { title: "Progress", words: (value) => formatShare(value / 100) },
};

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

/** A figure in words: its title and its value. */
export function figureWords(name: string, value: number): { title: string; words: string } {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  return found === undefined
    ? { title: name, words: plain.format(value) }
    : { title: found.title, words: found.words(value) };
}

/** What a figure is called: those the SDK sends have words, all others their own name. */
export function figureTitle(name: string): string {
  return figureWords(name, 0).title;
}

/** Figures that say how far a run was; they are shown as its progress. */
export function isProgress(name: string): boolean {
  return name.startsWith("progress_");
}
