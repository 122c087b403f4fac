/**
 * Lines on standard output. A reader that is slow or stopped makes a hand-over wait, never the process; a reader that is
 * gone fails it.
 *
 * Node writes to pipes without blocking, but to files and terminals synchronously: a terminal stopped with Ctrl-S would
 * stop everything. So files are written through the thread pool, and a terminal (on Linux) through a descriptor of its
 * own that does not block. Elsewhere terminals are written as Node does it.
 *
 * A line that was written in part is remembered: the next hand-over first writes the rest of it, and does not write the
 * line anew when it is the first one handed over again.
 */
import { close, constants, fstatSync, open, write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { codeOf } from "../files/failure.ts";

/** How many of the lines were taken whole, and why not all of them. */
export interface TakenLines {
  readonly taken: number;
  readonly failure?: unknown;
}

export interface LineWriter extends AsyncDisposable {
  /** Writes lines with their ends, in order. Never rejects. The stream variant ends only when the lines are taken or failed. */
  write(lines: readonly string[], signal: AbortSignal): Promise<TakenLines>;
}

/** Opens what writes lines to a stream. Disposing never closes the stream itself: it belongs to the process. */
export async function openLineWriter(stdout: NodeJS.WritableStream): Promise<LineWriter> {
  const descriptor = "fd" in stdout && typeof stdout.fd === "number" ? stdout.fd : undefined;
  if (descriptor === undefined) return ofStream(stdout);
  const kind = fstatSync(descriptor);
  if (kind.isFile()) return ofDescriptor(descriptor, () => Promise.resolve());
  if (!kind.isCharacterDevice() || process.platform !== "linux") return ofStream(stdout);
  const own = await openAgain(descriptor).catch(() => undefined);
  return own === undefined ? ofStream(stdout) : ofDescriptor(own, () => promisify(close)(own));
}

function ofStream(stdout: NodeJS.WritableStream): LineWriter {
  let broken: Error | undefined;
  let inStream = 0;
  const onError = (error: Error): void => {
    broken = error;
  };
  stdout.on("error", onError);
  return {
    write: (lines) => {
      if (broken !== undefined) return Promise.resolve({ taken: 0, failure: broken });
      return new Promise((resolve) => {
        inStream += 1;
        stdout.write(lines.join(""), (error) => {
          inStream -= 1;
          if (error === undefined || error === null) resolve({ taken: lines.length });
          else resolve({ taken: 0, failure: error });
        });
      });
    },
    [Symbol.asyncDispose]: () => {
      // What is still in the stream may fail later, and an error nobody listens for ends the process.
      if (inStream === 0) stdout.removeListener("error", onError);
      return Promise.resolve();
    },
  };
}

/** How long to wait before a descriptor that has no room is tried again, ms. */
const noRoomMs = 20;

function ofDescriptor(descriptor: number, release: () => Promise<void>): LineWriter {
  let torn: { readonly line: string; readonly bytes: number } | undefined;
  return {
    async write(lines, signal) {
      const isOther = torn !== undefined && torn.line !== lines[0];
      const all = torn !== undefined && isOther ? [torn.line, ...lines] : lines;
      const bytes = Buffer.from(all.join(""));
      let written = torn?.bytes ?? 0;
      torn = undefined;
      let failure: unknown;
      try {
        while (written < bytes.length) {
          signal.throwIfAborted();
          try {
            written += (await writeOnce(descriptor, bytes.subarray(written))).bytesWritten;
          } catch (error) {
            if (codeOf(error) !== "EAGAIN") throw error;
            await sleep(noRoomMs, undefined, { signal });
          }
        }
        return { taken: lines.length };
      } catch (error) {
        failure = error;
      }
      const whole = wholeLines(all, written);
      const rest = written - whole.bytes;
      const line = all[whole.count];
      if (rest > 0 && line !== undefined) torn = { line, bytes: rest };
      return { taken: Math.max(0, whole.count - (isOther ? 1 : 0)), failure };
    },
    [Symbol.asyncDispose]: release,
  };
}

/** How many lines lie within the first `written` bytes, and how many bytes these are. */
function wholeLines(lines: readonly string[], written: number): { count: number; bytes: number } {
  let bytes = 0;
  for (const [count, line] of lines.entries()) {
    const size = Buffer.byteLength(line);
    if (bytes + size > written) return { count, bytes };
    bytes += size;
  }
  return { count: lines.length, bytes };
}

const writeOnce = promisify(write<Uint8Array>);

/** The same terminal under a file description of our own, so that "does not block" holds for nobody else. */
function openAgain(descriptor: number): Promise<number> {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  return promisify(open)(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}
