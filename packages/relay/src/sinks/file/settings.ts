/** Settings of sink `file`, by the keys of Amaunator's `config.yaml`. */
import { bad, createParser, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import { parseFormat } from "../../format.ts";
import { FormatSchema } from "../format-setting.ts";

/** Settings of a file output. `maxBytes` and `backupCount` bound what it takes on disk. */
export interface FileSettings {
  readonly type: "file";
  readonly path: string;
  readonly format: string;
  readonly maxBytes: number;
  readonly backupCount: number;
}

/** Schema of the settings as they are written in a file. */
export const FileSettingsSchema = Type.Object(
  {
    type: Type.Literal("file"),
    path: Type.String({
      title: "Path",
      minLength: 1,
      maxLength: 4096,
      pattern: "^[^\\u0000]+$",
      expected: "a path",
      description: "File the lines are appended to; folders above it are created",
    }),
    format: FormatSchema,
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

const parseShape = createParser(FileSettingsSchema);

/** Reads the settings. */
export function parseFileSettings(value: unknown, at = ""): Parsed<FileSettings> {
  const shape = parseShape(value, at);
  if (shape.kind === "bad") return shape;
  const { type, path, format, max_bytes, backup_count } = shape.value;
  const compiled = parseFormat(format, at === "" ? "format" : `${at}.format`);
  if (compiled.kind === "bad") return bad(...compiled.problems);
  return ok({ type, path, format, maxBytes: max_bytes, backupCount: backup_count });
}
