/** The bodies of requests: OTLP/JSON of each signal, records with the same resource together. */
import type { SinkRecord } from "../../sink-record.ts";
import { resourceOf } from "./describe-record.ts";
import { logOf } from "./logs.ts";
import { pointsOf, type GaugePoint } from "./metrics.ts";
import type { RunIds } from "./run-ids.ts";
import type { Signal } from "./settings.ts";
import { spanOf } from "./spans.ts";
import type { KeyValue } from "./value.ts";

/** A record that is ready to be sent. */
export interface ReadRecord {
  readonly record: SinkRecord;
  /** Its time, nanoseconds since 1970. */
  readonly nanos: bigint;
  /** Of a job's event. */
  readonly ids: RunIds | undefined;
}

export interface SignalRequest {
  readonly body: object;
  /** Spans, points or log records in it. */
  readonly count: number;
}

const scope = { name: "belfry" };

/** The records of a signal as one request; undefined where none of them has anything for it. */
export function requestOf(
  signal: Signal,
  records: readonly ReadRecord[],
  attributes: Readonly<Record<string, string>>,
): SignalRequest | undefined {
  const groups = new Map<string, { resource: readonly KeyValue[]; items: unknown[] }>();
  let count = 0;
  for (const one of records) {
    const items = itemsOf(signal, one);
    if (items.length === 0) continue;
    count += items.length;
    const resource = resourceOf(one.record, attributes);
    const key = JSON.stringify(resource);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { resource, items: [] }));
    group.items.push(...items);
  }
  if (count === 0) return undefined;
  return { body: bodyOf(signal, [...groups.values()]), count };
}

/** The request of a signal with nothing in it. */
export function emptyRequest(signal: Signal): object {
  return bodyOf(signal, []);
}

/** Whether a record has anything for a signal. */
export function hasSignal(signal: Signal, record: ReadRecord): boolean {
  return itemsOf(signal, record).length > 0;
}

function itemsOf(signal: Signal, { record, nanos, ids }: ReadRecord): readonly object[] {
  switch (signal) {
    case "logs":
      return listOf(logOf(record, nanos, ids));
    case "metrics":
      return pointsOf(record, nanos);
    case "traces":
      return listOf(spanOf(record, nanos, ids));
  }
}

function listOf<T>(item: T | undefined): readonly T[] {
  return item === undefined ? [] : [item];
}

interface Group {
  readonly resource: readonly KeyValue[];
  readonly items: readonly unknown[];
}

function bodyOf(signal: Signal, groups: readonly Group[]): object {
  const resource = ({ resource: attributes }: Group) => ({ attributes });
  switch (signal) {
    case "logs":
      return {
        resourceLogs: groups.map((group) => ({
          resource: resource(group),
          scopeLogs: [{ scope, logRecords: group.items }],
        })),
      };
    case "metrics":
      return {
        resourceMetrics: groups.map((group) => ({
          resource: resource(group),
          scopeMetrics: [{ scope, metrics: gaugesOf(asPoints(group.items)) }],
        })),
      };
    case "traces":
      return {
        resourceSpans: groups.map((group) => ({
          resource: resource(group),
          scopeSpans: [{ scope, spans: group.items }],
        })),
      };
  }
}

/** Guarantee: the items of `metrics` are what `pointsOf` gave. */
function asPoints(items: readonly unknown[]): readonly GaugePoint[] {
  return items as readonly GaugePoint[];
}

function gaugesOf(points: readonly GaugePoint[]): readonly object[] {
  const gauges = new Map<string, GaugePoint[]>();
  for (const point of points) {
    const known = gauges.get(point.name);
    if (known === undefined) gauges.set(point.name, [point]);
    else known.push(point);
  }
  return [...gauges].map(([name, own]) => ({
    name,
    ...(own[0]?.unit ? { unit: own[0].unit } : {}),
    gauge: { dataPoints: own.map(({ point }) => point) },
  }));
}
