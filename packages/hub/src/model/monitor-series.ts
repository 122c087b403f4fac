/** How the measurements of a check become series: source `monitor:<id>`, one series per measurement. */
import type { MonitorId } from "./id.ts";
import type { Monitor } from "./monitor.ts";
import type { Measurements } from "./outcome.ts";
import type { Frame, SeriesKey, SourceKey, SourceLabels } from "./series.ts";

const sourcePrefix = "monitor:";

/** The source of a monitor's series. */
export function monitorSource(id: MonitorId): SourceKey {
  return `${sourcePrefix}${id}`;
}

/** The id of the monitor whose series these are, as text; undefined for the source of something else. */
export function monitorOfSource(source: SourceKey): string | undefined {
  return source.startsWith(sourcePrefix) ? source.slice(sourcePrefix.length) : undefined;
}

/** Reads a measurement's key, `name` or `name{label="value",…}`, as it stands in a kind's `metrics`. */
export function parseMetricKey(key: string): SeriesKey {
  const brace = key.indexOf("{");
  if (brace === -1) return { name: key, labels: {} };
  const labels: Record<string, string> = {};
  for (const match of key.slice(brace).matchAll(/([a-zA-Z_]\w*)="([^"]*)"/g)) {
    const [, label, value] = match;
    if (label !== undefined && value !== undefined) labels[label] = value;
  }
  return { name: key.slice(0, brace), labels };
}

/** The label that tells the series of one location from those of another. */
export const locationLabel = "location";

/**
 * Makes the frames of one monitor's checks; with `location`, of those made there, each series with a label that says so.
 * The list of series is one object that is handed out again and again; it is replaced by a longer one when a check
 * measures something new.
 */
export function createFrameMaker(
  monitor: Monitor,
  instance: string,
  location?: string,
): (at: number, measurements: Measurements) => Frame {
  const source = monitorSource(monitor.id);
  const sourceLabels: SourceLabels = { monitor: monitor.id, kind: monitor.kind, instance };
  const places = new Map<string, number>();
  let series: readonly SeriesKey[] = [];
  return (at, measurements) => {
    let count = 0;
    for (const key in measurements) {
      count += 1;
      if (places.has(key)) continue;
      places.set(key, places.size);
      series = [...series, locatedKey(parseMetricKey(key), location)];
    }
    const values = new Float64Array(series.length);
    const complete = count === series.length;
    const present = complete ? undefined : new Uint8Array(series.length);
    for (const key in measurements) {
      const place = places.get(key);
      if (place === undefined) continue;
      values[place] = measurements[key] ?? Number.NaN;
      if (present !== undefined) present[place] = 1;
    }
    const frame = { source, sourceLabels, series, times: Float64Array.of(at), values };
    return present === undefined ? frame : { ...frame, present };
  };
}

function locatedKey(key: SeriesKey, location: string | undefined): SeriesKey {
  if (location === undefined) return key;
  return { name: key.name, labels: { ...key.labels, [locationLabel]: location } };
}
