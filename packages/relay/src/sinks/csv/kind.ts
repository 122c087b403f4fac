/**
 * Sink `csv`: tables in a folder, for each kind of record its own, with the names and columns of the Monitoring Component
 * for events. A record is a row, and `sent` when it is on the disk. Nothing is refused: every record can be written.
 */
import type { EventSink, EventSinkKind, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecordKind } from "../../sink-record.ts";
import type { FileForm } from "../files/file-series.ts";
import { createFolderSink } from "../files/folder-sink.ts";
import { createCellWriter } from "./cell.ts";
import { cellsOf, columns, metricsColumn } from "./columns.ts";
import { createRowTail } from "./row-tail.ts";
import { CsvSettingsSchema, parseCsvSettings, type CsvSettings } from "./settings.ts";

export const csvKind: EventSinkKind = {
  type: "csv",
  title: "CSV files",
  schema: CsvSettingsSchema,
  secrets: [],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 1_000, maxBytes: 1024 * 1024 },
  parseSettings: parseCsvSettings,
  create: (settings, parts) => createCsvSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): CsvSettings {
  return settings as CsvSettings;
}

function createCsvSink(settings: CsvSettings, parts: EventSinkParts): EventSink {
  const formOf = (kind: SinkRecordKind): FileForm => csvForm(kind, settings);
  return createFolderSink({ ...settings, backend: "csv_export", formOf }, parts);
}

function csvForm(kind: SinkRecordKind, settings: CsvSettings): FileForm {
  const { hasHeader, hasByteOrderMark, withMetrics, delimiter } = settings;
  const cell = createCellWriter(settings);
  const names: readonly string[] =
    kind === "job_event" && withMetrics ? [...columns[kind], metricsColumn] : columns[kind];
  const header = hasHeader ? cell.row(names.map((name) => cell.text(name))) : "";
  const head = Buffer.from(`${hasByteOrderMark ? "\ufeff" : ""}${header}`);
  return {
    extension: ".csv",
    extensions: [".csv"],
    head,
    isWhole: false,
    textOf: (record) => cell.row(cellsOf(record, cell, withMetrics)),
    encode: (texts) => Promise.resolve(Buffer.from(texts.join(""))),
    readTail: createRowTail({ head, delimiter, width: names.length }),
  };
}
