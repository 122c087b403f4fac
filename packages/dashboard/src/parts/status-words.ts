/** What is said and drawn for each status. Colour is never alone: each has its own word and shape. */
import { statuses, type Status } from "@belfry/contract/status";

/** Statuses as people look for them: what rings first. */
export const bySeverity = [
  "down",
  "degraded",
  "unknown",
  "pending",
  "maintenance",
  "up",
  "paused",
] as const satisfies readonly Status[];

/** Statuses somebody should look at. */
export const troubles = ["down", "degraded", "unknown"] as const satisfies readonly Status[];

const words = {
  pending: { title: "Pending", meaning: "Not checked yet" },
  up: { title: "Up", meaning: "Answers as it should" },
  degraded: {
    title: "Degraded",
    meaning: "Answers, but slowly or with a certificate near its end",
  },
  down: { title: "Down", meaning: "Does not answer as it should" },
  unknown: { title: "Unknown", meaning: "Belfry itself could not tell" },
  maintenance: { title: "Maintenance", meaning: "Expected to be unavailable" },
  paused: { title: "Paused", meaning: "Not being checked" },
} as const satisfies Record<Status, { title: string; meaning: string }>;

/** The word for a status. */
export function titleOf(status: Status): string {
  return words[status].title;
}

/** What a status means, in a few words. */
export function meaningOf(status: Status): string {
  return words[status].meaning;
}

/** Whether somebody should look. */
export function isTrouble(status: Status): boolean {
  return troubles.some((trouble) => trouble === status);
}

/** The worse of two, as in a bar's slot. */
export function worseOf(one: Status | null, other: Status): Status {
  if (one === null) return other;
  return bySeverity.indexOf(one) <= bySeverity.indexOf(other) ? one : other;
}

/** Counts by status, complete and in order of severity. */
export function countsOf(
  counts: Readonly<Record<string, number>>,
): readonly { readonly status: Status; readonly count: number }[] {
  return bySeverity.map((status) => ({ status, count: counts[status] ?? 0 }));
}

/** Shapes on a field of 12 × 12, drawn with the even-odd rule. */
const shapes = {
  pending:
    "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zm0 1.5a3 3 0 1 1 0 6a3 3 0 0 1 0-6zM5.4 4h1.2v2.2H5.4z",
  up: "M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z",
  degraded: "M6 1l5.4 10H.6z",
  down: "M1 1h10v10H1zM3.9 2.9L2.9 3.9L5 6L2.9 8.1L3.9 9.1L6 7L8.1 9.1L9.1 8.1L7 6L9.1 3.9L8.1 2.9L6 5z",
  unknown: "M6 .5L11.5 6L6 11.5L.5 6zM6 2.6L2.6 6L6 9.4L9.4 6z",
  maintenance: "M1 2.5h10v2H1zM1 7.5h10v2H1z",
  paused: "M2.5 2h2.4v8H2.5zM7.1 2h2.4v8H7.1z",
} as const satisfies Record<Status, string>;

/** The path of a status' shape. */
export function shapeOf(status: Status): string {
  return shapes[status];
}

/** Whether a text names a status. */
export function isStatus(text: string): text is Status {
  return statuses.some((status) => status === text);
}
