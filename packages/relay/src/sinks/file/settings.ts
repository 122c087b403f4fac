/** Settings of sink `file`; path, format, max_bytes and backup_count are Amaunator's. */
import { createParser, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import type { LineMaker } from "../files/line.ts";
import { lineSettings, parseLineSettings } from "../files/line-settings.ts";

/** As they are written. */
export const FileSinkSchema = Type.Object(
  {
    path: Type.String({
      title: "Path",
      minLength: 1,
      maxLength: 4096,
      pattern: "^[^\\u0000]+$",
      expected: "a path",
      description: "File the lines are appended to; folders above it are created",
    }),
    ...lineSettings,
    max_bytes: Type.Integer({
      title: "Largest size",
      minimum: 1024,
      maximum: 2 ** 40,
      default: 10_485_760,
      unit: "bytes",
      description:
        "Before a line would make the file larger, it becomes `<path>.1` and a new one is begun",
    }),
    backup_count: Type.Integer({
      title: "Former files kept",
      minimum: 0,
      maximum: 1000,
      default: 5,
      description: "`<path>.1` is the newest; 0 keeps none: a full file is begun anew",
    }),
  },
  { additionalProperties: false, title: "Lines in a file that is rotated by size" },
);

export interface FileSinkSettings {
  readonly path: string;
  readonly lineOf: LineMaker;
  readonly maxBytes: number;
  readonly backupCount: number;
}

const parse = createParser(FileSinkSchema);

/** Checks settings, and makes of them what makes lines. */
export function parseFileSinkSettings(settings: unknown, at = ""): Parsed<FileSinkSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { path, max_bytes, backup_count } = parsed.value;
  const lineOf = parseLineSettings(parsed.value, at);
  if (lineOf.kind === "bad") return lineOf;
  return ok({ path, lineOf: lineOf.value, maxBytes: max_bytes, backupCount: backup_count });
}
