/** The sinks: one entry each in the schema, the parser and the opener. */
import { bad, describe, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import type { Sink, SinkParts } from "../sink.ts";
import {
  ConsoleSettingsSchema,
  openConsole,
  parseConsoleSettings,
  type ConsoleSettings,
} from "./console/console.ts";
import { openFile } from "./file/file.ts";
import { FileSettingsSchema, parseFileSettings, type FileSettings } from "./file/settings.ts";

/** Settings of one output. */
export type OutputSettings = ConsoleSettings | FileSettings;

/** Schema of one output as it is written in a file. */
export const OutputSchema = Type.Union([ConsoleSettingsSchema, FileSettingsSchema]);

const parsers = {
  console: parseConsoleSettings,
  file: parseFileSettings,
} as const satisfies Record<
  OutputSettings["type"],
  (value: unknown, at?: string) => Parsed<OutputSettings>
>;

/** Reads the settings of one output; its `type` says which sink's they are. */
export function parseOutput(value: unknown, at = ""): Parsed<OutputSettings> {
  const under = (key: string): string => (at === "" ? key : `${at}.${key}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad({ path: at, message: `expected an output with a type, found ${describe(value)}` });
  }
  const type: unknown = "type" in value ? value.type : undefined;
  if (!isType(type)) {
    const known = Object.keys(parsers).join(", ");
    return bad({
      path: under("type"),
      message: `expected one of ${known}, found ${describe(type)}`,
    });
  }
  return parsers[type](value, at);
}

function isType(type: unknown): type is OutputSettings["type"] {
  return typeof type === "string" && Object.hasOwn(parsers, type);
}

/** What an output is called in logs and metrics. */
export function labelOf(settings: OutputSettings): string {
  switch (settings.type) {
    case "console":
      return "console";
    case "file":
      return `file:${settings.path}`;
  }
}

/** Opens the destination of an output; rejects when it cannot be opened now. */
export function openSink(settings: OutputSettings, parts: SinkParts): Promise<Sink> {
  switch (settings.type) {
    case "console":
      return openConsole(parts);
    case "file":
      return openFile(settings);
  }
}
