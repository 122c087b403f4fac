/** Settings that the sinks of files in a folder share; the first two are the Monitoring Component's. */
import { Type } from "typebox";
import type { SinkRecordKind } from "../../sink-record.ts";
import { rotations, type Rotation } from "./file-name.ts";
import type { SeriesSettings } from "./file-series.ts";
import { allRecordKinds } from "./line-settings.ts";

/** As they are written. */
export const folderSettings = {
  output_dir: Type.String({
    title: "Folder",
    default: "/var/log/wafer-monitor",
    minLength: 1,
    maxLength: 4096,
    pattern: "^[^\\u0000]+$",
    expected: "a path",
    description: "It and the folders above it are created; it belongs to this sink alone",
  }),
  rotation: Type.Enum([...rotations], {
    title: "Rotation",
    default: "daily",
    description:
      "When a file is begun: each day or hour (UTC, by the time of writing), never, or when it is full",
  }),
  max_bytes: Type.Optional(
    Type.Integer({
      title: "Largest size",
      minimum: 1024,
      maximum: 2 ** 40,
      unit: "bytes",
      description:
        "A file that would become larger goes on in the next number; 104857600 where rotation is size, else without a bound",
    }),
  ),
  keep_days: Type.Optional(
    Type.Number({
      title: "Days kept",
      minimum: 0,
      maximum: 36_500,
      unit: "days",
      description:
        "Finished files are removed so long after their last record, when the next one is begun; left out: never",
    }),
  ),
  keep_files: Type.Optional(
    Type.Integer({
      title: "Files kept",
      minimum: 1,
      maximum: 1_000_000,
      description: "Of each kind of record, the present file among them; left out: all",
    }),
  ),
  records: Type.Array(Type.Enum([...allRecordKinds]), {
    title: "Records",
    default: [...allRecordKinds],
    minItems: 1,
    uniqueItems: true,
    description: "Kinds of records that are written; the others are passed by",
  }),
};

interface WrittenSettings {
  readonly output_dir: string;
  readonly rotation: Rotation;
  readonly max_bytes?: number;
  readonly keep_days?: number;
  readonly keep_files?: number;
  readonly records: readonly SinkRecordKind[];
}

const fullBytes = 100 * 1024 * 1024;

/** The settings under the names they have in the code. */
export function seriesSettings(
  written: WrittenSettings,
): SeriesSettings & { readonly records: readonly SinkRecordKind[] } {
  const { output_dir: folder, rotation, max_bytes, records } = written;
  return {
    folder,
    rotation,
    maxBytes: max_bytes ?? (rotation === "size" ? fullBytes : undefined),
    keepDays: written.keep_days,
    keepFiles: written.keep_files,
    records,
  };
}
