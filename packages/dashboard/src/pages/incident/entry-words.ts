/** What the entries of a time line are called, and how loud each is. */
import type { IncidentEntry } from "@belfry/contract";

/** `bad` and `well` are about troubles, `person` is what somebody did, `quiet` all else. */
export type EntryTone = "bad" | "well" | "person" | "told" | "quiet";

const kinds = {
  trouble: { title: "Trouble", tone: "bad" },
  recovery: { title: "Recovery", tone: "well" },
  notice: { title: "Told", tone: "told" },
  comment: { title: "Comment", tone: "person" },
  acknowledged: { title: "Acknowledged", tone: "person" },
  snoozed: { title: "Snoozed", tone: "person" },
  resolved: { title: "Resolved", tone: "well" },
  check: { title: "Check", tone: "quiet" },
  series: { title: "Figure", tone: "quiet" },
  run: { title: "Run", tone: "quiet" },
  maintenance: { title: "Maintenance", tone: "quiet" },
  edit: { title: "Edit", tone: "person" },
} as const satisfies Record<IncidentEntry["kind"], { title: string; tone: EntryTone }>;

/** The kind of an entry as a word. */
export function entryTitle(kind: IncidentEntry["kind"]): string {
  return kinds[kind].title;
}

/** How loud it is. */
export function entryTone(kind: IncidentEntry["kind"]): EntryTone {
  return kinds[kind].tone;
}
