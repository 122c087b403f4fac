/**
 * Sink `console`: lines on standard output. A reader that is slow (a pipe nobody empties) makes `write` wait, never the
 * process: at most one hand-over is in the stream at a time. A reader that is gone fails the hand-over.
 */
import { bad, createParser, ok, type Parsed } from "@belfry/contract";
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

/** Opens the console. The stream itself is never closed: it belongs to the process. */
export function openConsole({ stdout }: SinkParts): Promise<Sink> {
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  stdout.on("error", onError);
  return Promise.resolve({
    write: (lines, signal) => {
      if (broken !== undefined) return Promise.reject(broken);
      return new Promise<void>((resolve, reject) => {
        const giveUp = (): void => reject(new Error("standard output is not read"));
        if (signal.aborted) return giveUp();
        signal.addEventListener("abort", giveUp, { once: true });
        stdout.write(lines.join(""), (error) => {
          signal.removeEventListener("abort", giveUp);
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      });
    },
    close: () => {
      stdout.removeListener("error", onError);
      return Promise.resolve();
    },
  });
}
