/**
 * Dialect D: all fields side by side, as the clients in C (numbers for kinds and types), Java (camelCase names, words in
 * upper case) and R (empty maps as `[]`) send them. Some of their metrics have other names, and their keys name a second:
 * `<entity>-progress-<epoch>` is the same for all progress of one second, so such a key is loose.
 */
import type { EventLimits } from "./content.ts";
import { readMetadata, readMetrics } from "./content.ts";
import type { Draft } from "./draft.ts";
import { readOptionalText, readText, type Fields, type Problems } from "./field.ts";
import { parentOf, withMessage } from "./nested.ts";
import { readTimeText } from "./time.ts";
import { readKind, readStatus, typeWord } from "./word.ts";

const looseKey = /-(?:start|progress|metric|finish|error|cancel)-\d+$/;

/** Names of D for what has another name here. */
const metricNames: Readonly<Record<string, string>> = {
  progress: "progress_pct",
  duration_seconds: "duration_s",
};

/** Whether an event is of this dialect. */
export function isFlat(item: Fields): boolean {
  return (
    Object.hasOwn(item, "entity_id") ||
    Object.hasOwn(item, "event_kind") ||
    Object.hasOwn(item, "entityId") ||
    Object.hasOwn(item, "eventKind")
  );
}

/** Reads one flat event; what is wrong is in `problems`, and then the draft is of no use. */
export function readFlat(
  item: Fields,
  problems: Problems,
  limits: EventLimits,
  now: number,
): Draft {
  const at = (name: string): [path: string, value: unknown] => fieldOf(item, name);
  const [timePath, time] = at("timestamp");
  const hasTime = time !== undefined && time !== null;
  const timeText = hasTime ? readTimeText(problems, timePath, time) : undefined;
  const kind = readKind(problems, ...at("event_kind"));
  const { status, message } = readStatus(problems, ...at("status"), kind);
  const metadata = readMetadata(problems, ...at("metadata"), limits);
  const key = readOptionalText(problems, ...at("idempotency_key"), 200);
  const [typePath, type] = at("entity_type");
  return {
    key,
    isKeyLoose: key !== null && looseKey.test(key),
    hasTime,
    site_id: readText(problems, ...at("site_id"), { min: 0, max: 200 }),
    app: {
      app_id: readOptionalText(problems, ...at("app_id"), 200),
      name: readOptionalText(problems, ...at("app_name"), 200) ?? "",
      version: readOptionalText(problems, ...at("app_version"), 100),
    },
    entity: {
      type: readOptionalText(problems, typePath, typeWord(type), 64) ?? "job",
      id: readText(problems, ...at("entity_id"), { min: 1, max: 200 }),
      parent_id: parentOf(problems, ...at("parent_id"), metadata),
      business_key: readOptionalText(problems, ...at("business_key"), 400),
      sub_key: readOptionalText(problems, ...at("sub_key"), 400),
    },
    event: {
      kind: kind ?? "event",
      at: timeText ?? new Date(now).toISOString(),
      status,
      metrics: renamed(readMetrics(problems, ...at("metrics"), limits)),
      metadata: withMessage(metadata, message),
    },
  };
}

/** A field by its name or the same in camelCase, with the name it was found by. */
function fieldOf(item: Fields, name: string): [path: string, value: unknown] {
  if (Object.hasOwn(item, name)) return [name, item[name]];
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(item, camel) ? [camel, item[camel]] : [name, undefined];
}

function renamed(metrics: Record<string, number>): Record<string, number> {
  const entries = Object.entries(metrics).map(([name, value]) => {
    const other = Object.hasOwn(metricNames, name) ? metricNames[name] : undefined;
    return [other === undefined || Object.hasOwn(metrics, other) ? name : other, value] as const;
  });
  return Object.fromEntries(entries);
}
