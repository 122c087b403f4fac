/** The charts of a job, made of the series its runs left. Pure. */
import type { SeriesRangeView } from "@belfry/contract";
import type { Panel } from "../../chart/panel-view.tsx";
import type { PlotLine } from "../../chart/plot.ts";
import { alignLines, linesOf, type Line } from "../../chart/timeline.ts";
import { atLeast, units, type Unit } from "../../chart/unit.ts";
import { formatLatency } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import { figureTitle } from "../../parts/figure-words.ts";

const prefix = "belfry_run_";
const duration = "belfry_run_duration_seconds";
const cpuUser = "belfry_run_cpu_user_seconds";
const cpuSystem = "belfry_run_cpu_system_seconds";
const memory = "belfry_run_memory_max_bytes";

/** More figures of its own than this are not drawn: the first by name are. */
const mostOwn = 12;

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/** Runs may take days. */
const lasting: Unit = {
  ...units.seconds,
  format: (value) => (value < 60 ? formatLatency(value * 1000) : formatDuration(value * 1000)),
};
const number: Unit = {
  format: (value) => plain.format(value),
  range: (min, max) => [min !== null && min < 0 ? min * 1.05 : 0, atLeast(1, max)],
};

/** The panels, the time runs took first. `limit`: seconds from which on a run is slow. */
export function panelsOf(view: SeriesRangeView, limit: number | null): readonly Panel[] {
  const own = [...new Set(view.items.map(({ name }) => name))]
    .filter((name) => name.startsWith(prefix) && !known.has(name) && !isProgress(name))
    .toSorted()
    .slice(0, mostOwn);
  const found: readonly (Panel | undefined)[] = [
    durationPanel(view, limit),
    panelOf(view, "CPU time", lasting, [
      { name: cpuUser, title: "User", color: "--series-1", draw: "area" },
      { name: cpuSystem, title: "System", color: "--series-2", draw: "area" },
    ]),
    panelOf(view, "Peak memory", units.bytes, [
      { name: memory, title: "Resident", color: "--series-4", draw: "area" },
    ]),
    ...own.map((name) => {
      const title = figureTitle(name.slice(prefix.length));
      const color = "--series-3";
      return panelOf(view, title, unitOf(name), [{ name, title, color, draw: "line" }]);
    }),
  ];
  return found.filter((panel) => panel !== undefined);
}

const known: ReadonlySet<string> = new Set([duration, cpuUser, cpuSystem, memory]);

function isProgress(name: string): boolean {
  return name.startsWith(`${prefix}progress_`);
}

function unitOf(name: string): Unit {
  if (/_(?:seconds|s)$/.test(name)) return lasting;
  return name.endsWith("_bytes") ? units.bytes : number;
}

interface Drawn extends Omit<PlotLine, "key"> {
  readonly name: string;
}

function panelOf(
  view: SeriesRangeView,
  title: string,
  unit: Unit,
  drawn: readonly Drawn[],
): Panel | undefined {
  const lines = linesNamed(
    view,
    drawn.map(({ name }) => name),
  );
  if (lines.length === 0) return undefined;
  const present = new Set(lines.map(({ key }) => key));
  return {
    title,
    unit,
    timeline: alignLines(lines),
    lines: drawn
      .filter(({ name }) => present.has(name))
      .map(({ name, ...line }) => ({ key: name, ...line })),
  };
}

/** With buckets the longest run of each, and the limit as a level. */
function durationPanel(view: SeriesRangeView, limit: number | null): Panel | undefined {
  const means = linesNamed(view, [duration]);
  if (means.length === 0) return undefined;
  const longest =
    view.step_seconds === null ? [] : linesOf(only(view, duration), () => "longest", "max");
  const timeline = alignLines([...means, ...longest]);
  const columns = new Map(timeline.columns);
  if (limit !== null)
    columns.set(
      "limit",
      timeline.times.map(() => limit),
    );
  return {
    title: "Duration",
    unit: lasting,
    timeline: { times: timeline.times, columns },
    lines: [
      { key: duration, title: "Took", color: "--series-1", draw: "area" },
      ...(longest.length === 0
        ? []
        : [{ key: "longest", title: "Longest", color: "--ink-2", draw: "dashed" as const }]),
      ...(limit === null
        ? []
        : [{ key: "limit", title: "Slow", color: "--degraded", draw: "dashed" as const }]),
    ],
  };
}

function linesNamed(view: SeriesRangeView, names: readonly string[]): readonly Line[] {
  return names.flatMap((name) => linesOf(only(view, name), () => name));
}

function only(view: SeriesRangeView, name: string): SeriesRangeView {
  return { ...view, items: view.items.filter((item) => item.name === name) };
}
