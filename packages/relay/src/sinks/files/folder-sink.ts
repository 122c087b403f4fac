/** A sink that writes files into a folder: for each kind of record its own. */
import type { EventSink, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord, SinkRecordKind } from "../../sink-record.ts";
import { stems } from "./file-name.ts";
import { createFileSeries, type FileForm, type SeriesSettings } from "./file-series.ts";
import { verdictOfFailure } from "./failure.ts";
import { healthOfFolder } from "./folder.ts";
import { createLateWrites } from "./late-writes.ts";
import { allRecordKinds } from "./line-settings.ts";

export interface FolderSinkSettings extends SeriesSettings {
  /** What health calls it. */
  readonly backend: string;
  /** Kinds of records that are written; the others are passed by. */
  readonly records: readonly SinkRecordKind[];
  readonly formOf: (kind: SinkRecordKind) => FileForm;
}

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
    const answers: RecordDelivery[] = records.map(() => ({ kind: "sent" }));
    trouble = null;
    for (const kind of allRecordKinds) {
      const places = [...records.keys()].filter((place) => records[place]?.kind === kind);
      const own = places.flatMap((place) => records[place] ?? []);
      const files = series.get(kind);
      if (own.length === 0 || files === undefined) continue;
      const { taken, failure } = await files.append(own, signal);
      if (taken === own.length) continue;
      const verdict = verdictOfFailure(failure);
      trouble = verdict.why;
      for (const place of places.slice(taken)) answers[place] = verdict;
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
