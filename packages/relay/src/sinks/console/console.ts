/**
 * Sink `console`: lines on standard output. A reader that is slow or stopped makes the hand-over wait, never the
 * process; a reader that is gone fails it.
 *
 * Node writes to pipes without blocking, but to files and terminals synchronously: a terminal stopped with Ctrl-S would
 * stop every check. So files are written through the thread pool, and a terminal (on Linux) through a descriptor of its
 * own that does not block. Elsewhere terminals are written as Node does it.
 */
import { bad, createParser, ok, type Parsed } from "@belfry/contract";
import { close, constants, fstatSync, open, write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Type } from "typebox";
import { parseFormat } from "../../format.ts";
import type { Sink, SinkParts } from "../../sink.ts";
import { FormatSchema } from "../format-setting.ts";

/** Settings of a console output. */
export interface ConsoleSettings {
  readonly type: "console";
  readonly format: string;
}

/** Schema of the settings as they are written in a file. */
export const ConsoleSettingsSchema = Type.Object(
  { type: Type.Literal("console"), format: FormatSchema },
  { additionalProperties: false, title: "Lines on standard output" },
);

const parseShape = createParser(ConsoleSettingsSchema);

/** Reads the settings. */
export function parseConsoleSettings(value: unknown, at = ""): Parsed<ConsoleSettings> {
  const shape = parseShape(value, at);
  if (shape.kind === "bad") return shape;
  const format = parseFormat(shape.value.format, at === "" ? "format" : `${at}.format`);
  return format.kind === "bad" ? bad(...format.problems) : ok(shape.value);
}

/** Opens the console. Standard output itself is never closed: it belongs to the process. */
export async function openConsole({ stdout }: SinkParts): Promise<Sink> {
  const descriptor = "fd" in stdout && typeof stdout.fd === "number" ? stdout.fd : undefined;
  if (descriptor === undefined) return ofStream(stdout);
  const kind = fstatSync(descriptor);
  if (kind.isFile()) return ofDescriptor(descriptor, () => Promise.resolve());
  if (!kind.isCharacterDevice() || process.platform !== "linux") return ofStream(stdout);
  const own = await openAgain(descriptor).catch(() => undefined);
  return own === undefined ? ofStream(stdout) : ofDescriptor(own, () => promisify(close)(own));
}

function ofStream(stdout: NodeJS.WritableStream): Sink {
  let broken: Error | undefined;
  let inStream = 0;
  const onError = (error: Error): void => {
    broken = error;
  };
  stdout.on("error", onError);
  return {
    write: (lines, signal) => {
      if (broken !== undefined) return Promise.reject(broken);
      return new Promise<void>((resolve, reject) => {
        const giveUp = (): void => reject(new Error("standard output is not read"));
        if (signal.aborted) return giveUp();
        signal.addEventListener("abort", giveUp, { once: true });
        inStream += 1;
        stdout.write(lines.join(""), (error) => {
          inStream -= 1;
          signal.removeEventListener("abort", giveUp);
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      });
    },
    close: () => {
      // What was given up may still fail later, and an error nobody listens for ends the process.
      if (inStream === 0) stdout.removeListener("error", onError);
      return Promise.resolve();
    },
  };
}

/** How long to wait before a descriptor that has no room is tried again, in ms. */
const noRoomMs = 20;

function ofDescriptor(descriptor: number, release: () => Promise<void>): Sink {
  return {
    async write(lines, signal) {
      const bytes = Buffer.from(lines.join(""));
      let written = 0;
      while (written < bytes.length) {
        signal.throwIfAborted();
        try {
          const { bytesWritten } = await writeOnce(descriptor, bytes.subarray(written));
          written += bytesWritten;
        } catch (error) {
          if (!hasNoRoom(error)) throw error;
          await sleep(noRoomMs, undefined, { signal });
        }
      }
    },
    close: release,
  };
}

const writeOnce = promisify(write<Uint8Array>);

/** The same terminal under a file description of our own, so that "does not block" holds for nobody else. */
function openAgain(descriptor: number): Promise<number> {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  return promisify(open)(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}

function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
