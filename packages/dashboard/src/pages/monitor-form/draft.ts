/** Between a monitor, the draft a form edits, and the body the API takes. */
import type { CheckKindView, MonitorInput, MonitorView } from "@belfry/contract";
import { fieldsOf, initialOfAll } from "../../form/field.ts";
import { isRecord } from "../../form/path.ts";
import { withoutMasks } from "../../form/secret.ts";
import { isPassive } from "../../parts/passive.ts";
import { judgingSchema, placementSchema, timingSchema } from "./monitor-fields.ts";

/** What is edited: the body of the API, with everything filled in. */
export interface Draft {
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  /** Seconds. */
  readonly interval?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly depends_on: readonly string[];
  /** Left out: as the hub judges what is not checked. */
  readonly judging?: Readonly<Record<string, unknown>>;
  /** Left out, with `quorum`: what is not checked is checked from nowhere. */
  readonly locations?: readonly string[];
  readonly quorum?: number | null;
}

/** The draft of a new monitor of a kind. */
export function newDraft(kind: CheckKindView): Draft {
  return {
    name: "",
    kind: kind.kind,
    enabled: true,
    settings: initialOfAll(fieldsOf(kind.settings_schema)),
    labels: {},
    depends_on: [],
    ...checkingOf(kind),
  };
}

/** When it is checked, and how that is judged; of what is not checked, the hub knows what fits. */
function checkingOf({
  kind,
}: CheckKindView): Pick<Draft, "interval" | "timeout" | "judging" | "locations" | "quorum"> {
  if (isPassive(kind)) return {};
  return {
    ...initialOfAll(fieldsOf(timingSchema)),
    judging: initialOfAll(fieldsOf(judgingSchema)),
    ...initialOfAll(fieldsOf(placementSchema)),
  };
}

/** The draft of an existing monitor. */
export function draftOf(monitor: MonitorView): Draft {
  const { name, kind, enabled, interval, timeout, settings, labels, depends_on, judging } = monitor;
  const draft = { name, kind, enabled, interval, timeout, settings, labels, depends_on, judging };
  return isPassive(kind)
    ? draft
    : { ...draft, locations: monitor.locations, quorum: monitor.quorum };
}

/** The draft of a copy: another name, and no secrets. */
export function copyOf(monitor: MonitorView): Draft {
  const draft = draftOf(monitor);
  const settings = withoutMasks(draft.settings);
  return {
    ...draft,
    name: `${draft.name} copy`.slice(0, 100),
    settings: isRecord(settings) ? settings : {},
  };
}

/** What only monitors that are checked have. */
const checkingKeys = new Set(["interval", "timeout", "judging", "locations", "quorum"]);

/** The draft with another kind: settings begin anew, but what the new kind knows under the same name stays. */
export function withKind(draft: unknown, kind: CheckKindView): unknown {
  if (!isRecord(draft)) return draft;
  const fresh = newDraft(kind).settings;
  const former = isRecord(draft["settings"]) ? draft["settings"] : {};
  const kept = ["host", "port"].filter((key) => key in fresh && former[key] !== undefined);
  const settings = { ...fresh, ...Object.fromEntries(kept.map((key) => [key, former[key]])) };
  if (isPassive(kind.kind) === isPassive(draft["kind"]))
    return { ...draft, kind: kind.kind, settings };
  const rest = Object.fromEntries(Object.entries(draft).filter(([key]) => !checkingKeys.has(key)));
  return { ...rest, ...checkingOf(kind), kind: kind.kind, settings };
}

/**
 * The body. Guarantees nothing: what the form allowed and the hub does not comes back as problems, each at its field.
 * A name that was left empty is made of the target.
 */
export function bodyOf(draft: unknown): MonitorInput {
  const body = isRecord(draft) ? draft : {};
  const name = typeof body["name"] === "string" ? body["name"].trim() : "";
  return { ...body, name: name === "" ? suggestedName(body["settings"]) : name } as MonitorInput;
}

/** A name made of what is checked: the host of a URL, or a host with its port. Empty where neither is there. */
export function suggestedName(settings: unknown): string {
  if (!isRecord(settings)) return "";
  const { url, host, port, name } = settings;
  if (typeof url === "string" && URL.canParse(url)) return new URL(url).host.slice(0, 100);
  const target = typeof host === "string" && host !== "" ? host : name;
  if (typeof target !== "string") return "";
  return (typeof port === "number" && target !== "" ? `${target}:${port}` : target).slice(0, 100);
}

/** Secrets of a kind, as places in the draft. */
export function secretsOf(kind: CheckKindView): readonly string[] {
  return kind.secrets.map((secret) => `settings.${secret}`);
}
