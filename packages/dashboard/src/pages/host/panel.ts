/** One chart of a host's page, made of the series it has. A panel whose source is absent is absent. */
import type { Panel } from "../../chart/panel-view.tsx";
import type { PlotLine } from "../../chart/plot.ts";
import type { Value } from "../../chart/timeline.ts";
import { meanOf, speaks, type HostSeries } from "./host-series.ts";

/** A line and the values it is drawn from. */
export interface PanelLine extends Omit<PlotLine, "key"> {
  readonly values: readonly Value[] | undefined;
}

/** Puts lines into a panel; those without values are left out, and without any line there is no panel. */
export function panelOf(
  series: HostSeries,
  panel: Omit<Panel, "timeline" | "lines">,
  lines: readonly PanelLine[],
): Panel | undefined {
  const columns = new Map<string, readonly Value[]>();
  const drawn: PlotLine[] = [];
  for (const { values, ...line } of lines) {
    if (values === undefined || !values.some((value) => value !== null)) continue;
    const key = `${drawn.length}`;
    columns.set(key, values);
    drawn.push({ key, ...line });
  }
  if (drawn.length === 0) return undefined;
  return { ...panel, timeline: { times: series.timeline.times, columns }, lines: drawn };
}

/** Colours of things that have no order of their own: devices, mounts, sensors. */
export const palette = [
  "--series-1",
  "--series-2",
  "--series-3",
  "--series-4",
  "--series-5",
  "--series-6",
  "--series-7",
  "--series-8",
] as const;

/** The colour of the n-th thing. */
export function colorOf(place: number): string {
  return palette[place % palette.length] ?? palette[0];
}

/** Something that goes in and out of a device. */
export interface Flow {
  readonly device: string;
  readonly into: readonly Value[];
  readonly out: readonly Value[];
}

const names = new Intl.Collator("en", { numeric: true });

/** More devices than this are not drawn: those that do most are. */
const mostDevices = 6;

/** What comes in above zero, what goes out below; a single device as areas. */
export function flowLines(
  flows: readonly Flow[],
  [into, out]: readonly [into: string, out: string],
): readonly PanelLine[] {
  const busiest = flows
    .filter((flow) => speaks(flow.into) || speaks(flow.out))
    .toSorted((a, b) => meanOf(b.into) + meanOf(b.out) - meanOf(a.into) - meanOf(a.out))
    .slice(0, mostDevices)
    .toSorted((a, b) => names.compare(a.device, b.device));
  const isOne = busiest.length === 1;
  return busiest.flatMap((flow, i): PanelLine[] => {
    const named = (way: string): string =>
      isOne ? way.charAt(0).toUpperCase() + way.slice(1) : `${flow.device} ${way}`;
    const draw = isOne ? "area" : "line";
    return [
      { title: named(into), color: colorOf(i), draw, values: flow.into },
      { title: named(out), color: colorOf(isOne ? 3 : i), draw, below: true, values: flow.out },
    ];
  });
}

/** Line by line: those with the highest means, no more than can be told apart; by name, so that colours stay. */
export function highestLines(
  columns: readonly { readonly title: string; readonly values: readonly Value[] }[],
): readonly PanelLine[] {
  return columns
    .toSorted((a, b) => meanOf(b.values) - meanOf(a.values))
    .slice(0, palette.length)
    .toSorted((a, b) => names.compare(a.title, b.title))
    .map(({ title, values }, i) => ({ title, values, color: colorOf(i), draw: "line" }));
}
