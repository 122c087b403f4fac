/**
 * Sink `file`: a line for each record, as of sink `console`, in a file that is rotated by size. A record is `sent` when it
 * is on the disk. A path that cannot be written to is a wrong setting, a full disk an outage.
 */
import { dirname } from "node:path";
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { verdictOfFailure } from "../files/failure.ts";
import { healthOfFolder } from "../files/folder.ts";
import { createLateWrites } from "../files/late-writes.ts";
import { FileSinkSchema, parseFileSinkSettings, type FileSinkSettings } from "./settings.ts";
import { createRotatingFile } from "./rotating-file.ts";

export const fileKind: EventSinkKind = {
  type: "file",
  title: "File",
  schema: FileSinkSchema,
  secrets: [],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 1_000, maxBytes: 1024 * 1024 },
  parseSettings: parseFileSinkSettings,
  create: (settings, parts) => createFileSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): FileSinkSettings {
  return settings as FileSinkSettings;
}

const sent: RecordDelivery = { kind: "sent" };

function createFileSink(
  { lineOf, ...settings }: FileSinkSettings,
  parts: EventSinkParts,
): EventSink {
  const file = createRotatingFile(settings, parts);
  let trouble: string | null = null;

  async function write(
    records: readonly SinkRecord[],
    signal: AbortSignal,
  ): Promise<readonly RecordDelivery[]> {
    const all = records.map((record) => ({ id: record.id, text: lineOf(record) }));
    const lines = all.filter(({ text }) => text !== "");
    const { taken, failure } = await file.append(lines, signal);
    const isDone = taken === lines.length;
    const verdict = isDone ? sent : verdictOfFailure(failure);
    trouble = verdict.kind === "sent" ? null : verdict.why;
    let left = taken;
    return all.map(({ text }) => {
      if (text === "") return sent;
      left -= 1;
      return left >= 0 ? sent : verdict;
    });
  }

  return {
    deliver: createLateWrites(write),
    health: () =>
      healthOfFolder({ backend: "file_export", folder: dirname(settings.path), trouble }),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
