/**
 * Hands batches to a writer that cannot be broken off: a write to a disk or pipe that hangs ends when it ends. When the
 * signal comes first, the batch is answered with `retry`, and the writer goes on behind; the next batch waits for it, and
 * what turned out to be written is then answered `sent` without being written again.
 */
import type { EventSink, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";

/** Writes a batch, and answers one delivery for each record. Never rejects for what a destination does. */
export type BatchWriter = (
  records: readonly SinkRecord[],
  signal: AbortSignal,
) => Promise<readonly RecordDelivery[]>;

const tooLate: RecordDelivery = { kind: "retry", why: "it is still being written" };

/** A `deliver` that ends soon after its signal, whatever the writer does. */
export function createLateWrites(write: BatchWriter): EventSink["deliver"] {
  let underWay: Promise<unknown> | undefined;
  const written = new Set<string>();

  return async (records, signal) => {
    if (records.length === 0) return [];
    if (underWay !== undefined && !(await endsBefore(underWay, signal))) {
      return records.map(() => tooLate);
    }
    underWay = undefined;
    const skipped = written.size === 0 ? undefined : records.map(({ id }) => written.has(id));
    const left = skipped === undefined ? records : records.filter((_, i) => skipped[i] !== true);
    written.clear();
    if (left.length === 0) return records.map(() => ({ kind: "sent" }));
    const writing = write(left, signal);
    let answers: readonly RecordDelivery[] | undefined;
    const ended = writing.then((given) => {
      answers = given;
    });
    if (!(await endsBefore(ended, signal)) || answers === undefined) {
      underWay = ended.then(
        () => note(left, answers ?? [], written),
        () => undefined,
      );
      return records.map((_, i) => (skipped?.[i] === true ? { kind: "sent" } : tooLate));
    }
    if (skipped === undefined) return answers;
    const given = answers[Symbol.iterator]();
    return skipped.map((isWritten) =>
      isWritten ? { kind: "sent" } : (given.next().value ?? tooLate),
    );
  };
}

function note(
  records: readonly SinkRecord[],
  answers: readonly RecordDelivery[],
  written: Set<string>,
): void {
  for (const [i, record] of records.entries()) {
    if (answers[i]?.kind === "sent") written.add(record.id);
  }
}

/** How long a writer that ends by itself after the signal is waited for, ms. */
const graceMs = 200;

/** False when the signal came first. Rejects as `work` does. */
function endsBefore(work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUp = (): void => {
      timer = setTimeout(() => settle(() => resolve(false)), graceMs);
    };
    const settle = (then: () => void): void => {
      signal.removeEventListener("abort", giveUp);
      clearTimeout(timer);
      then();
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    work.then(
      () => settle(() => resolve(true)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
