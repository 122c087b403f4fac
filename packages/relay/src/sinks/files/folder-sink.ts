/** A sink that writes files into a folder: for each kind of record its own. */
import type { EventSink, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord, SinkRecordKind } from "../../sink-record.ts";
import { stems } from "./file-name.ts";
import { createFileSeries, type FileForm, type SeriesSettings } from "./file-series.ts";
import { verdictOfFailure } from "./failure.ts";
import { healthOfFolder } from "./folder.ts";
import { createLateWrites } from "./late-writes.ts";

export interface FolderSinkSettings extends SeriesSettings {
  /** What health calls it. */
  readonly backend: string;
  /** Kinds of records that are written; the others are passed by. */
  readonly records: readonly SinkRecordKind[];
  readonly formOf: (kind: SinkRecordKind) => FileForm;
}

const sent: RecordDelivery = { kind: "sent" };

/** A record is `sent` when it is on the disk. */
export function createFolderSink(settings: FolderSinkSettings, parts: EventSinkParts): EventSink {
  const series = new Map(
    settings.records.map((kind) => [
      kind,
      createFileSeries(settings, { stem: stems[kind], form: settings.formOf(kind) }, parts),
    ]),
  );
  let trouble: string | null = null;

  async function write(
    records: readonly SinkRecord[],
    signal: AbortSignal,
  ): Promise<readonly RecordDelivery[]> {
    const answers: RecordDelivery[] = records.map(() => sent);
    trouble = null;
    for (const [kind, files] of series) {
      const own = records.filter((record) => record.kind === kind);
      if (own.length === 0) continue;
      const { taken, failure } = await files.append(own, signal);
      if (taken === own.length) continue;
      const verdict = verdictOfFailure(failure);
      trouble = verdict.why;
      let left = taken;
      for (const [place, record] of records.entries()) {
        if (record.kind !== kind) continue;
        left -= 1;
        if (left < 0) answers[place] = verdict;
      }
    }
    return answers;
  }

  return {
    deliver: createLateWrites(write),
    health: () => healthOfFolder({ backend: settings.backend, folder: settings.folder, trouble }),
    async [Symbol.asyncDispose]() {
      await Promise.all([...series.values()].map((files) => files[Symbol.asyncDispose]()));
    },
  };
}
