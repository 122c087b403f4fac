/**
 * Sink `console`: a line for each record on standard output; in JSON the record itself, in text as files/line.ts says.
 * A reader that does not read, or is gone, is an outage: what is not taken is kept.
 */
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { createLateWrites } from "../files/late-writes.ts";
import {
  ConsoleSinkSchema,
  parseConsoleSinkSettings,
  type ConsoleSinkSettings,
} from "./settings.ts";
import { openLineWriter, type LineWriter } from "./writer.ts";

export const consoleKind: EventSinkKind = {
  type: "console",
  title: "Console",
  schema: ConsoleSinkSchema,
  secrets: [],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 500, maxBytes: 256 * 1024 },
  parseSettings: parseConsoleSinkSettings,
  create: (settings, parts) => createConsoleSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): ConsoleSinkSettings {
  return settings as ConsoleSinkSettings;
}

const sent: RecordDelivery = { kind: "sent" };

function createConsoleSink({ lineOf }: ConsoleSinkSettings, { stdout }: EventSinkParts): EventSink {
  let writer: LineWriter | undefined;
  let trouble: string | null = null;

  async function write(
    records: readonly SinkRecord[],
    signal: AbortSignal,
  ): Promise<readonly RecordDelivery[]> {
    writer ??= await openLineWriter(stdout);
    const lines = records.map(lineOf);
    const shown = lines.filter((line) => line !== "");
    const { taken, failure } = await writer.write(shown, signal);
    trouble = taken === shown.length ? null : messageOf(failure);
    if (trouble === null) return lines.map(() => sent);
    const why = `standard output: ${trouble}`;
    let left = taken;
    return lines.map((line) => {
      if (line === "") return sent;
      left -= 1;
      return left >= 0 ? sent : { kind: "retry", why };
    });
  }

  return {
    deliver: createLateWrites(write),
    health: () =>
      Promise.resolve(
        trouble === null
          ? { status: "healthy", details: {} }
          : { status: "unhealthy", details: { error: trouble } },
      ),
    async [Symbol.asyncDispose]() {
      await writer?.[Symbol.asyncDispose]();
    },
  };
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
