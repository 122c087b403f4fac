/**
 * From a parsed body to an answer: events are read, put into the spool, and only when the spool has synced them the answer
 * is made. Repeated ids count as taken. Bodies of answers are those of the Monitoring Component.
 */
import type { JobEvent } from "@belfry/contract";
import { readEvents, type ReadEvents, type RefusedItem } from "../dialect/read-events.ts";
import { verdictsOf } from "../dialect/verdict.ts";
import type { Appended, RefusalReason } from "../spool/log.ts";
import type { NewRecord } from "../spool/pending.ts";

/** An HTTP answer; `retryAfterS` becomes a header. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterS?: number;
}

export interface TakeParts {
  readonly append: (records: readonly NewRecord[]) => Promise<Appended>;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  /** Makes a key that nobody else has. */
  readonly newKey: () => string;
  readonly redact: (event: JobEvent) => JobEvent;
  /** Most events of one request. */
  readonly maxEvents: number;
  /** Told how many events were taken, refused, or could not be stored. */
  readonly count: (what: "taken" | "refused" | "unstored", events: number) => void;
}

/** How a route answers when it took something. */
export interface TakeRoute {
  readonly status: 200 | 202;
}

/** Takes the events of a body. `spend` is told how many there were, whatever becomes of them. */
export async function takeEvents(
  body: unknown,
  { status }: TakeRoute,
  parts: TakeParts,
  spend: (events: number) => void = () => undefined,
): Promise<Answer> {
  const startedMs = parts.monotonicMs();
  const { maxEvents, redact } = parts;
  const read = readEvents(body, {
    now: parts.now(),
    random: parts.newKey,
    limits: { maxEvents },
    redact,
  });
  spend(Math.max(1, read.total));
  if (read.total > maxEvents) {
    parts.count("refused", read.total);
    return { status: 413, body: { detail: detailOf(read) } };
  }
  if (read.taken.length === 0 && read.refused.length > 0) {
    parts.count("refused", Math.max(1, read.total));
    return { status: 422, body: { detail: detailOf(read) } };
  }
  const answer = await parts.append(
    read.taken.map((event, i) => ({
      id: event.idempotency_key,
      bytes: read.texts[i] ?? JSON.stringify(event),
    })),
  );
  if (answer.kind === "refused") {
    parts.count("unstored", read.taken.length);
    return unstored(answer.reason, answer.message);
  }
  parts.count("taken", read.taken.length);
  parts.count("refused", read.total - read.taken.length);
  const seconds = (parts.monotonicMs() - startedMs) / 1000;
  return { status, body: takenBody(read, answer.repeated, seconds) };
}

function takenBody(read: ReadEvents, repeated: readonly number[], seconds: number): object {
  const items = verdictsOf(read, repeated);
  const timed = { duration_s: Math.round(seconds * 1e6) / 1e6 };
  if (read.isSingle) return { ok: true, ...timed, ...items[0] };
  const success = read.taken.length;
  return {
    ok: true,
    total: read.total,
    success,
    failed: read.total - success,
    // As the basic sidecar counts: what is on disk and not at a destination yet.
    forwarded: 0,
    spooled: success,
    ...timed,
    items,
    refused: read.refused,
  };
}

/** As FastAPI says what is wrong: one entry per problem, with the way to it. */
export function detailOf({
  refused,
  isSingle,
}: {
  readonly refused: readonly RefusedItem[];
  readonly isSingle: boolean;
}): readonly object[] {
  return refused.map(({ index, path, message }) => {
    const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
    const place = isSingle || index < 0 ? [] : [index];
    return { type: "value_error", loc: ["body", ...place, ...keys], msg: message };
  });
}

const refusals = {
  busy: { status: 429, retryAfterS: 1 },
  full: { status: 429, retryAfterS: 30 },
  disk_full: { status: 503, retryAfterS: 10 },
  disk_failed: { status: 503, retryAfterS: 5 },
  closed: { status: 503, retryAfterS: 5 },
  too_large: { status: 413, retryAfterS: undefined },
} as const satisfies Record<RefusalReason, { status: number; retryAfterS: number | undefined }>;

function unstored(reason: RefusalReason, message: string): Answer {
  const { status, retryAfterS } = refusals[reason];
  return {
    status,
    body: { ok: false, code: reason, detail: message },
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  };
}
