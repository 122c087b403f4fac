/** The words of all dialects for the kind of an event and the state of a run, and what they mean. */
import { jobEventKinds, runStatuses, type JobEventKind, type RunStatus } from "@belfry/contract";
import type { Problems } from "./field.ts";

const kinds: Readonly<Record<string, JobEventKind>> = {
  ...ownWords(jobEventKinds),
  start: "started",
  finish: "finished",
  completed: "finished",
  failed: "error",
  cancel: "canceled",
  cancelled: "canceled",
};

/** The numbers a client in C sends. */
const numberedKinds = ["started", "progress", "metric", "finished", "error", "canceled"] as const;
const numberedTypes = ["job", "subjob"] as const;

const statuses: Readonly<Record<string, RunStatus>> = {
  ...ownWords(runStatuses),
  started: "running",
  in_progress: "running",
  success: "succeeded",
  completed: "succeeded",
  error: "failed",
  failure: "failed",
  cancelled: "canceled",
};

function ownWords<T extends string>(words: readonly T[]): Record<string, T> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** The kind of an event; undefined where it is none, and then a problem says so. */
export function readKind(
  problems: Problems,
  path: string,
  value: unknown,
): JobEventKind | undefined {
  const kind = typeof value === "number" ? numberedKinds[value] : meaning(kinds, value);
  if (kind === undefined) problems.expected(path, `one of ${jobEventKinds.join(", ")}`, value);
  return kind;
}

/** What a run is part of: `job`, `subjob`, or another word in lower case; numbers as a client in C sends them. */
export function typeWord(value: unknown): unknown {
  if (typeof value === "number") return numberedTypes[value] ?? value;
  return typeof value === "string" ? value.toLowerCase() : value;
}

/**
 * The state of a run, null where none is said. While a run is going on, some clients put a message there instead: then it
 * is running, and the message is given back.
 */
export function readStatus(
  problems: Problems,
  path: string,
  value: unknown,
  kind: JobEventKind | undefined,
): { readonly status: RunStatus | null; readonly message?: string } {
  if (value === undefined || value === null || value === "") return { status: null };
  const status = meaning(statuses, value);
  if (status !== undefined) return { status };
  // Where the kind is wrong, that is said already.
  const isGoingOn =
    kind === undefined ||
    kind === "progress" ||
    kind === "metric" ||
    kind === "event" ||
    kind === "heartbeat";
  if (typeof value === "string" && isGoingOn) return { status: "running", message: value };
  problems.expected(path, `one of ${runStatuses.join(", ")}`, value);
  return { status: null };
}

function meaning<T>(words: Readonly<Record<string, T>>, value: unknown): T | undefined {
  if (typeof value !== "string") return undefined;
  const word = value.toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}
