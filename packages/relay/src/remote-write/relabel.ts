/** Which series go to a destination, and the labels they have there. */
import type { Label } from "../sinks/prometheus/write-request.ts";
import type { RelabelRule, RemoteWriteSettings } from "./settings.ts";

/** A series as the hub stores it: its own labels, and those of its source, which every series of that source carries. */
export interface WrittenKey {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sourceLabels: Readonly<Record<string, string>>;
}

/** The labels a series is sent with, sorted, with `__name__`; undefined where it is not to be sent. */
export type Relabel = (key: WrittenKey) => readonly Label[] | undefined;

/**
 * As in Prometheus: external labels are added where a series has none of that name, then the conditions are asked in their
 * order. A label without a value is none.
 */
export function createRelabel({
  externalLabels,
  relabel,
}: Pick<RemoteWriteSettings, "externalLabels" | "relabel">): Relabel {
  const rules = relabel.map(conditionOf);
  return ({ name, labels, sourceLabels }) => {
    const all = { ...externalLabels, ...sourceLabels, ...labels, __name__: name };
    if (!rules.every((holds) => holds(all))) return undefined;
    return Object.entries(all)
      .filter(([, value]) => value !== "")
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  };
}

function conditionOf({
  sourceLabels,
  separator,
  regex,
  action,
}: RelabelRule): (labels: Readonly<Record<string, string>>) => boolean {
  const whole = new RegExp(`^(?:${regex})$`, "su");
  return (labels) => {
    const value = sourceLabels.map((name) => labels[name] ?? "").join(separator);
    return whole.test(value) === (action === "keep");
  };
}
