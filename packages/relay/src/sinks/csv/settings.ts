/** Settings of sink `csv`; the first four are the Monitoring Component's. */
import { createParser, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import type { SinkRecordKind } from "../../sink-record.ts";
import type { SeriesSettings } from "../files/file-series.ts";
import { folderSettings, seriesSettings } from "../files/folder-settings.ts";

/** As they are written. */
export const CsvSettingsSchema = Type.Object(
  {
    ...folderSettings,
    include_headers: Type.Boolean({
      title: "Header",
      default: true,
      description: "Each file begins with the names of its columns",
    }),
    delimiter: Type.String({
      title: "Delimiter",
      default: ",",
      pattern: "^[\\t !#$%&()*,./:;<>?@\\[\\\\\\]^_`{|}~]$",
      expected: "one character such as , ; | or a tab",
      description: "Between two cells",
    }),
    bom: Type.Boolean({
      title: "Byte order mark",
      default: false,
      description: "Each file begins with one, by which Excel knows UTF-8",
    }),
    formula_guard: Type.Boolean({
      title: "Formula guard",
      default: true,
      description:
        "Puts ' before text that a spreadsheet would run as a formula; numbers stay as they are",
    }),
    metrics_json: Type.Boolean({
      title: "All metrics",
      default: false,
      description: "Adds a last column metrics_json to events, with the job's own metrics as well",
    }),
  },
  { additionalProperties: false, title: "Tables as CSV files in a folder" },
);

export interface CsvSettings extends SeriesSettings {
  readonly records: readonly SinkRecordKind[];
  readonly hasHeader: boolean;
  readonly delimiter: string;
  readonly hasByteOrderMark: boolean;
  readonly guardsFormulas: boolean;
  readonly withMetrics: boolean;
}

const parse = createParser(CsvSettingsSchema);

/** Checks settings. */
export function parseCsvSettings(settings: unknown, at = ""): Parsed<CsvSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { include_headers, delimiter, bom, formula_guard, metrics_json } = parsed.value;
  return ok({
    ...seriesSettings(parsed.value),
    hasHeader: include_headers,
    delimiter,
    hasByteOrderMark: bom,
    guardsFormulas: formula_guard,
    withMetrics: metrics_json,
  });
}
