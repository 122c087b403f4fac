/**
 * What one hub notes of a host for the others: what its latest batch or post left to be shown. As JSON, at most a few
 * kilobytes; read leniently, because hubs of two releases may work side by side.
 */
import { createParser } from "@belfry/contract";
import { Type } from "typebox";
import type { HostFigures } from "../model/host-entry.ts";
import { noFigures } from "./host-series.ts";

export interface HostNow {
  /** The process that heard it. */
  readonly by: string;
  /** Epoch ms, by the clock of that process. */
  readonly heardAt: number;
  /** Of the newest sample, by the host's clock; null: none was stored since that process began. */
  readonly sampleAt: number | null;
  /** The oldest sample that came since the note before; null: none came. */
  readonly from: number | null;
  readonly clockOffsetMs: number | null;
  readonly seriesCount: number;
  readonly figures: HostFigures;
  readonly addresses: readonly string[];
  /** Why series are refused; null: none are. */
  readonly complaint: string | null;
  /** Samples that were refused there lately. */
  readonly refused: number;
  /** Whether it was a post: its times tell the interval. */
  readonly isPost: boolean;
}

const numberOrNull = Type.Union([Type.Number(), Type.Null()]);
const parse = createParser(
  Type.Object({
    by: Type.String(),
    heardAt: Type.Number(),
    sampleAt: numberOrNull,
    from: numberOrNull,
    clockOffsetMs: numberOrNull,
    seriesCount: Type.Number(),
    figures: Type.Record(Type.String(), numberOrNull),
    addresses: Type.Array(Type.String()),
    complaint: Type.Union([Type.String(), Type.Null()]),
    refused: Type.Number(),
    isPost: Type.Boolean(),
  }),
);

/** As it is noted. */
export function writeHostNow(now: HostNow): string {
  return JSON.stringify(now);
}

/** What was noted; undefined where another release notes something else. */
export function readHostNow(text: string): HostNow | undefined {
  const parsed = parse(JSON.parse(text), "shown");
  if (parsed.kind === "bad") return undefined;
  const figures: Record<string, number | null> = { ...noFigures };
  for (const figure of Object.keys(noFigures)) {
    figures[figure] = parsed.value.figures[figure] ?? null;
  }
  return { ...parsed.value, figures: { ...noFigures, ...figures } };
}
