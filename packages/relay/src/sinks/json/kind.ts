/**
 * Sink `json`: files with a record as JSON on each line, for each kind of record its own. An event is written as it came,
 * other records with their `kind`. A record is `sent` when it is on the disk. Nothing is refused.
 */
import type { EventSink, EventSinkKind, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import type { FileForm } from "../files/file-series.ts";
import { createFolderSink } from "../files/folder-sink.ts";
import { createLineTail, idOfJson } from "../files/tail.ts";
import { compressions } from "./compression.ts";
import { JsonSettingsSchema, parseJsonSettings, type JsonSettings } from "./settings.ts";

export const jsonKind: EventSinkKind = {
  type: "json",
  title: "JSON files",
  schema: JsonSettingsSchema,
  secrets: [],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 1_000, maxBytes: 1024 * 1024 },
  parseSettings: parseJsonSettings,
  create: (settings, parts) => createJsonSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): JsonSettings {
  return settings as JsonSettings;
}

function createJsonSink(settings: JsonSettings, parts: EventSinkParts): EventSink {
  const form = jsonForm(settings);
  return createFolderSink({ ...settings, backend: "json_export", formOf: () => form }, parts);
}

const ending = ".jsonl";

function jsonForm({ hasBlanks, compression }: JsonSettings): FileForm {
  const textOf = hasBlanks ? spacedLine : closeLine;
  const extensions = [
    ending,
    ...Object.values(compressions).map(({ extension }) => `${ending}${extension}`),
  ];
  if (compression === undefined) {
    return {
      extension: ending,
      extensions,
      head: new Uint8Array(0),
      isWhole: false,
      textOf,
      encode: (texts) => Promise.resolve(Buffer.from(texts.join(""))),
      readTail: createLineTail(idOfJson),
    };
  }
  const { extension, head, pack, readTail } = compressions[compression];
  return {
    extension: `${ending}${extension}`,
    extensions,
    head,
    isWhole: true,
    textOf,
    encode: (texts) => pack(texts.join("")),
    readTail,
  };
}

function closeLine(record: SinkRecord): string {
  return `${JSON.stringify(bodyOf(record))}\n`;
}

/** Text in JSON has no line ends of its own, so all of these are between the parts. */
function spacedLine(record: SinkRecord): string {
  return `${JSON.stringify(bodyOf(record), null, 1).replace(/\n */g, " ")}\n`;
}

function bodyOf(record: SinkRecord): object {
  return record.kind === "job_event" ? record.event : record;
}
