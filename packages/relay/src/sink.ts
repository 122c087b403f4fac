/**
 * The port of a sink: one destination of lines. A sink only hands lines over; waiting, bounds, retries and counting are
 * done in front of it by `output.ts`, the same for all.
 */

/** An open destination. Calls never overlap. */
export interface Sink {
  /**
   * Hands over whole lines, each with its line end. Resolves when the destination took them. Rejects when it did not,
   * with a `SinkFailure` where some lines got there before. Gives up early when `signal` aborts.
   */
  write(lines: readonly string[], signal: AbortSignal): Promise<void>;
  /** Lets go of the destination. Called once: after the last write, or after a failed one, before it is opened anew. */
  close(): Promise<void>;
}

/** A hand-over that failed half-way: the first `taken` lines got there and are not sent again. */
export class SinkFailure extends Error {
  readonly taken: number;

  constructor(taken: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "SinkFailure";
    this.taken = taken;
  }
}

/** What a sink may use of the process around it. */
export interface SinkParts {
  /** Where the console sink writes. */
  readonly stdout: NodeJS.WritableStream;
}
