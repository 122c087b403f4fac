/** Settings of sink `json`; the first four are the Monitoring Component's. */
import { createParser, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import type { SinkRecordKind } from "../../sink-record.ts";
import type { SeriesSettings } from "../files/file-series.ts";
import { folderSettings, seriesSettings } from "../files/folder-settings.ts";
import type { compressions } from "./compression.ts";

/** As they are written. */
export const JsonSettingsSchema = Type.Object(
  {
    ...folderSettings,
    pretty_print: Type.Boolean({
      title: "Blanks",
      default: false,
      description: "Sets blanks between the parts of a record, which stays on one line",
    }),
    compression: Type.Union([Type.Boolean(), Type.Enum(["gzip", "zstd"])], {
      title: "Compression",
      default: false,
      expected: "true, false, gzip or zstd",
      description: "true is gzip; each batch is a complete member of the file",
    }),
  },
  { additionalProperties: false, title: "Lines of JSON in files of a folder" },
);

export interface JsonSettings extends SeriesSettings {
  readonly records: readonly SinkRecordKind[];
  readonly hasBlanks: boolean;
  /** Undefined: none. */
  readonly compression: keyof typeof compressions | undefined;
}

const parse = createParser(JsonSettingsSchema);

/** Checks settings. */
export function parseJsonSettings(settings: unknown, at = ""): Parsed<JsonSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { pretty_print: hasBlanks, compression } = parsed.value;
  return ok({
    ...seriesSettings(parsed.value),
    hasBlanks,
    compression: compression === false ? undefined : compression === true ? "gzip" : compression,
  });
}
