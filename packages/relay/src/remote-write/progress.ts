/**
 * How far a destination is, to the window: two numbers in a file of their own, written in place before and after each
 * window, not synced. They survive the process, however it ends; when the machine goes down as well, the cursor of the
 * spool holds, which is synced, and older by a quarter of a second at most.
 *
 *     0   f64   samples of all records, up to the last that is done for
 *     8   f64   the same, up to the end of the window that is under way
 *
 * A window that was under way is formed again as it was, so each of its requests was taken whole or not at all. Receivers
 * that take nothing out of order refuse the former, and nothing else is lost.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const openFlags = constants.O_RDWR | constants.O_CREAT;

export interface Places {
  /** Samples of all records up to the last that is done for. */
  readonly settled: number;
  /** The same up to the end of the window under way; `settled` where there is none. */
  readonly underWay: number;
}

/** Forgets a destination. */
export function removeProgress(folder: string, name: string): void {
  rmSync(pathOf(folder, name), { force: true });
}

function pathOf(folder: string, name: string): string {
  return join(folder, createHash("sha256").update(name).digest("hex").slice(0, 16));
}

/** Keeps the places of one destination. Waits for the disk. */
export class Progress implements Disposable {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(16);
  readonly #found: Places | undefined;

  /** Throws what the disk throws. */
  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = openSync(pathOf(folder, name), openFlags, 0o600);
    this.#found = this.#read();
  }

  /** As they were found; undefined where there was nothing. */
  get found(): Places | undefined {
    return this.#found;
  }

  #read(): Places | undefined {
    if (readSync(this.#file, this.#bytes, 0, 16, 0) < 16) return undefined;
    const settled = this.#bytes.readDoubleLE(0);
    const underWay = this.#bytes.readDoubleLE(8);
    return settled >= 0 && underWay >= settled && underWay <= Number.MAX_SAFE_INTEGER
      ? { settled, underWay }
      : undefined;
  }

  /** Writes them. A disk that takes nothing is no reason to stop: what is lost is only exactness. */
  write({ settled, underWay }: Places): void {
    this.#bytes.writeDoubleLE(settled, 0);
    this.#bytes.writeDoubleLE(underWay, 8);
    try {
      writeSync(this.#file, this.#bytes, 0, 16, 0);
    } catch {
      // As above.
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
