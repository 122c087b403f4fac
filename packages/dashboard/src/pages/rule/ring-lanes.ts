/** What a replay found, put into lanes of one series each, on one axis of time. Times are epoch ms. */
import type { RuleReplayView } from "@belfry/contract";
import { timeLabels } from "../../chart/plot.ts";
import { formatCount, formatPlural } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import type { Span } from "../../route/route.ts";

type Ring = RuleReplayView["rings"][number];

/** One time it rang. */
export interface LaneRing extends Span {
  /** It would still ring. */
  readonly isOpen: boolean;
  /** The value that made it ring. */
  readonly value: number;
}

/** A series of a subject, with every time it rang, the first one first. */
export interface Lane {
  readonly key: string;
  readonly subject: Ring["subject"];
  readonly series: Ring["series"];
  readonly rings: readonly LaneRing[];
}

/** The lanes; those that rang most come first. */
export function lanesOf({ rings, to }: Pick<RuleReplayView, "rings" | "to">): readonly Lane[] {
  const lanes = new Map<string, Lane & { readonly rings: LaneRing[] }>();
  for (const { subject, series, started_at: from, ended_at: ended, value } of rings) {
    const key = `${subject.kind} ${subject.id} ${JSON.stringify(series)}`;
    const lane = lanes.get(key) ?? { key, subject, series, rings: [] };
    lane.rings.push({
      from: Date.parse(from),
      to: Date.parse(ended ?? to),
      isOpen: ended === null,
      value,
    });
    lanes.set(key, lane);
  }
  return [...lanes.values()].toSorted(
    (a, b) => b.rings.length - a.rings.length || a.subject.name.localeCompare(b.subject.name, "en"),
  );
}

/** A span as shares of another, from 0 to 1; no narrower than can be seen. */
export function placed(
  ring: Span,
  within: Span,
): { readonly left: number; readonly width: number } {
  const length = Math.max(1, within.to - within.from);
  const left = Math.min(1, Math.max(0, (ring.from - within.from) / length));
  const right = Math.min(1, Math.max(0, (ring.to - within.from) / length));
  return { left, width: Math.max(leastWidth, right - left) };
}

const leastWidth = 0.004;

/** A mark of the axis; `left` is a share of the span. */
export interface Tick {
  readonly at: number;
  readonly left: number;
  readonly label: string;
}

const hourMs = 3_600_000;
const tickSteps = [1, 2, 3, 6, 12, 24, 48, 120, 240, 720].map((hours) => hours * hourMs);
const mostTicks = 7;

/** Marks at round times of the viewer's clock, none where its label would be cut off. */
export function ticksOf(span: Span): readonly Tick[] {
  const length = span.to - span.from;
  const step = tickSteps.find((one) => length / one <= mostTicks) ?? length;
  const first = new Date(span.from);
  first.setHours(0, 0, 0, 0);
  const ticks: number[] = [];
  for (let at = first.getTime(); at < span.to; at += step) {
    const left = (at - span.from) / length;
    if (left >= 0.01 && left <= 0.93) ticks.push(at);
  }
  const labels = timeLabels(
    ticks.map((at) => at / 1000),
    step / 1000,
  );
  return ticks.map((at, i) => ({ at, left: (at - span.from) / length, label: labels[i] ?? "" }));
}

/** `It would have rung 4 times in 7 d`. */
export function replayTitle(view: RuleReplayView, span: Span): string {
  const within = `in ${formatDuration(span.to - span.from)}`;
  const { length } = view.rings;
  if (length === 0) return `It would not have rung ${within}`;
  if (view.rings_truncated)
    return `It would have rung ${formatCount(length)} times and more ${within}`;
  if (length === 1) return `It would have rung once ${within}`;
  return `It would have rung ${formatCount(length)} times ${within}`;
}

/** `On 2 of 7 hosts, looked at every 5 min`. */
export function replayScope(view: RuleReplayView, noun: string): string {
  const rang = new Set(view.rings.map(({ subject }) => subject.id)).size;
  const of = formatPlural(view.subjects, noun);
  const every = formatDuration(view.resolution_seconds * 1000);
  return `${rang === 0 ? `Of ${of}` : `On ${formatCount(rang)} of ${of}`}, looked at every ${every}`;
}
