/** Who would be told, in words. */
import type { AlertStage, NoticeKind, WouldTell } from "@belfry/contract";
import { formatDuration } from "../../format/time.ts";
import { suppressedWords } from "../../parts/severity-words.ts";

type Told = WouldTell["told"][number];

const stages = {
  maintenance: "Maintenance",
  inhibition: "Inhibition",
  silence: "Silences",
  routing: "Routes",
  grouping: "Grouping",
  throttle: "Throttling",
  reminder: "Reminders",
  escalation: "Escalation",
} as const satisfies Record<AlertStage, string>;

/** A stage as it is called on these pages. */
export function stageTitle(stage: AlertStage): string {
  return stages[stage];
}

const results = {
  passed: "passed",
  suppressed: "suppressed",
  decided: "decided",
  not_reached: "not reached",
} as const satisfies Record<WouldTell["stages"][number]["result"], string>;

/** What a stage did, in a word. */
export function resultTitle(result: WouldTell["stages"][number]["result"]): string {
  return results[result];
}

const kinds = {
  firing: "that it rings",
  changed: "that it changed",
  reminder: "as a reminder",
  escalated: "as the next step",
  acknowledged: "that somebody took it",
  resolved: "that it is over",
  digest: "in a digest",
  test: "as a test",
} as const satisfies Record<NoticeKind, string>;

/** What somebody is told. */
export function toldOf(kind: NoticeKind): string {
  return kinds[kind];
}

/** `at once`, `after 15 min`. */
export function whenWords(afterSeconds: number): string {
  return afterSeconds < 1 ? "at once" : `after ${formatDuration(afterSeconds * 1000)}`;
}

/** Channels that would get what they are told: switched on, and not in trouble. */
function reached(told: readonly Told[]): readonly Told[] {
  return told.filter(({ channel }) => channel.enabled && channel.trouble === null);
}

/** The whole of it in one sentence. */
export function summaryOf(found: WouldTell): { readonly text: string; readonly isBad: boolean } {
  if (found.nobody !== null) return { text: `Nobody would be told: ${found.nobody}`, isBad: true };
  if (found.suppressed_by !== null) {
    const why = found.why === null ? "" : ` (${found.why})`;
    const text = `Nobody is told at first: it is ${suppressedWords(found.suppressed_by)}${why}`;
    return { text, isBad: false };
  }
  const [first] = found.told;
  if (first === undefined) return { text: "Nobody would be told", isBad: true };
  if (reached(found.told).length === 0) {
    return { text: "Nobody would hear of it: no channel takes it at present", isBad: true };
  }
  const names = new Set(
    found.told
      .filter(({ after_seconds: after }) => after === first.after_seconds)
      .map(({ channel }) => channel.name),
  );
  const [name = ""] = names;
  const others = names.size - 1;
  const who = others === 0 ? name : `${name} and ${others} other${others === 1 ? "" : "s"}`;
  return { text: `${who} would be told ${whenWords(first.after_seconds)}`, isBad: false };
}
