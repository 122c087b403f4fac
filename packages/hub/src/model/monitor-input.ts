/**
 * From what a person sends to a monitor: the body of `POST /api/v1/monitors` and `PUT`/`PATCH /api/v1/monitors/{id}`.
 * Fills in defaults, resolves the short forms (`url`, `expected_status`), keeps stored secrets, has the settings
 * checked by their kind and refuses dependencies that do not exist or go round in a circle. Every problem is reported
 * at once, at the place where the sender wrote it. No I/O.
 */
import {
  JudgingSchema,
  MonitorInputSchema,
  MonitorPatchSchema,
  bad,
  createParser,
  describe,
  ok,
  type JsonObject,
  type MonitorInput,
  type Parsed,
  type Problem,
} from "@belfry/contract";
import { Type } from "typebox";
import type { CheckKind } from "./check-kind.ts";
import { parseId, type MonitorId } from "./id.ts";
import { mergePatch } from "./merge-patch.ts";
import type { Judging, Monitor } from "./monitor.ts";
import { restoreSecrets } from "./secret-settings.ts";

/** What surrounds the input. */
export interface InputContext {
  /** Id of the monitor that is made or changed. */
  readonly id: MonitorId;
  /** Epoch ms. */
  readonly now: number;
  /** The monitor as it is; undefined when one is made. */
  readonly existing: Monitor | undefined;
  readonly kinds: ReadonlyMap<string, CheckKind>;
  /** Interval and time limit where the input has none, in ms. */
  readonly defaults: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Looks a monitor up, for `depends_on`. */
  readonly monitor: (id: MonitorId) => Monitor | undefined;
}

const parseShape = createParser(MonitorInputSchema);
/** Of a patch only the names are checked: its values are checked where they were merged in. */
const parsePatchShape = createParser(
  Type.Object(
    Object.fromEntries(
      Object.keys(MonitorPatchSchema.properties).map((name) => [
        name,
        Type.Optional(Type.Unknown()),
      ]),
    ),
    { additionalProperties: false },
  ),
);
const parseJudging = createParser(JudgingSchema);

/** Reads the body of a POST or PUT. */
export function parseMonitor(input: unknown, context: InputContext): Parsed<Monitor> {
  const trimmed = withDefaults(trimName(input), context);
  const shape = parseShape(trimmed);
  const problems: Problem[] = shape.kind === "bad" ? [...shape.problems] : [];
  if (!isRecord(trimmed)) return bad(...problems);
  const kind = findKind(trimmed, context.kinds, problems);
  const settings = kind === undefined ? undefined : readSettings(trimmed, kind, context, problems);
  const dependsOn = readDependencies(trimmed["depends_on"], context, problems);
  checkPlacement(trimmed, kind, problems);
  if (problems.length > 0 || shape.kind === "bad" || kind === undefined || settings === undefined) {
    return bad(...problems);
  }
  return ok(monitorOf(shape.value, kind, settings, dependsOn, context));
}

/** Reads the body of a PATCH: merged into the monitor as it is, then read like the body of a PUT. */
export function parseMonitorPatch(
  patch: unknown,
  context: InputContext & { readonly existing: Monitor },
): Parsed<Monitor> {
  const trimmed = trimName(patch);
  const shape = parsePatchShape(trimmed);
  if (shape.kind === "bad" || !isRecord(trimmed)) return shape.kind === "bad" ? shape : bad();
  const { existing } = context;
  const base = inputOf(existing);
  const changesKind = typeof trimmed["kind"] === "string" && trimmed["kind"] !== existing.kind;
  if (changesKind) base["settings"] = {};
  const { url, expected_status, judging, ...rest } = trimmed;
  const merged = mergePatch(base, rest);
  if (!isRecord(merged)) return bad();
  // In `judging` null is a value ("never"), so it is not taken for "back to the default".
  if (judging === null) delete merged["judging"];
  else if (isRecord(judging)) merged["judging"] = { ...judgingView(existing.judging), ...judging };
  if (url === null || expected_status === null) {
    merged["settings"] = mergePatch(merged["settings"], {
      ...(url === null ? { url } : {}),
      ...(expected_status === null ? { accepted_status: null } : {}),
    });
  }
  // A short form that is set wins over the setting that is there already.
  const hidden = {
    ...(typeof url === "string" ? { url: null } : {}),
    ...(typeof expected_status === "number" ? { accepted_status: null } : {}),
  };
  merged["settings"] = mergePatch(merged["settings"], hidden);
  if (typeof url === "string") merged["url"] = url;
  if (typeof expected_status === "number") merged["expected_status"] = expected_status;
  return parseMonitor(merged, context);
}

/** Whether two versions of a monitor check differently: then what was judged of the former one does not count. */
export function checksDifferently(former: Monitor, next: Monitor): boolean {
  return (
    former.kind !== next.kind ||
    canonical(former.settings) !== canonical(next.settings) ||
    canonical(former.placement?.locations) !== canonical(next.placement?.locations)
  );
}

/** The status code of the short form `expected_status`, where the settings accept exactly one; else null. */
export function expectedStatusOf(settings: JsonObject): number | null {
  const accepted = settings["accepted_status"];
  if (!Array.isArray(accepted) || accepted.length !== 1) return null;
  const code = Number(accepted[0]);
  return Number.isInteger(code) ? code : null;
}

/** A quorum needs so many locations, and what is waited for is checked from nowhere. */
function checkPlacement(
  input: Record<string, unknown>,
  kind: CheckKind | undefined,
  problems: Problem[],
): void {
  const { locations = [], quorum = null } = input;
  if (!Array.isArray(locations)) return;
  if (locations.length > 0 && kind?.passive === true) {
    problems.push({ path: "locations", message: `is not for monitors of kind ${kind.kind}` });
  }
  if (typeof quorum === "number" && locations.length > 0 && quorum > locations.length) {
    const message = `expected at most ${locations.length}, the number of its locations, found ${quorum}`;
    problems.push({ path: "quorum", message });
  }
}

function trimName(input: unknown): unknown {
  if (!isRecord(input) || typeof input["name"] !== "string") return input;
  return { ...input, name: input["name"].trim() };
}

function withDefaults(input: unknown, { defaults }: InputContext): unknown {
  if (!isRecord(input)) return input;
  return {
    interval: defaults.intervalMs / 1000,
    timeout: defaults.timeoutMs / 1000,
    ...input,
  };
}

function findKind(
  input: Record<string, unknown>,
  kinds: ReadonlyMap<string, CheckKind>,
  problems: Problem[],
): CheckKind | undefined {
  const named = input["kind"];
  if (named !== undefined && typeof named !== "string") return undefined;
  if (named === undefined && input["url"] === undefined) {
    problems.push({ path: "url", message: "is required, or `kind` with `settings`" });
    return undefined;
  }
  const kind = kinds.get(named ?? "http");
  if (kind !== undefined && kind.internal !== true) return kind;
  const known = [...kinds.values()].filter(({ internal }) => internal !== true);
  const names = known.map((one) => one.kind).toSorted();
  const message = `expected one of ${names.join(", ")}, found ${describe(named)}`;
  problems.push({ path: "kind", message });
  return undefined;
}

/** Short form → the setting it stands for. */
const shortForms = { url: "url", expected_status: "accepted_status" } as const;

function readSettings(
  input: Record<string, unknown>,
  kind: CheckKind,
  context: InputContext,
  problems: Problem[],
): JsonObject | undefined {
  const given = input["settings"] ?? {};
  if (!isRecord(given)) return undefined;
  const settings: Record<string, unknown> = { ...given };
  const known = settingNames(kind);
  let usable = true;
  for (const [short, name] of Object.entries(shortForms)) {
    const value = input[short];
    if (value === undefined) continue;
    if (!known.has(name)) {
      problems.push({ path: short, message: `is not for monitors of kind ${kind.kind}` });
      usable = false;
    } else if (
      given[name] !== undefined &&
      canonical(given[name]) !== canonical(longForm(short, value))
    ) {
      problems.push({ path: short, message: `says something else than settings.${name}` });
      usable = false;
    } else {
      settings[name] = longForm(short, value);
    }
  }
  if (!usable) return undefined;
  const parsed = parseWithSecrets(settings, kind, context.existing);
  if (parsed.kind === "ok") return parsed.value;
  problems.push(...parsed.problems.map((problem) => atShortForm(problem, input)));
  return undefined;
}

function longForm(short: string, value: unknown): unknown {
  return short === "expected_status" ? [String(value)] : value;
}

function settingNames(kind: CheckKind): ReadonlySet<string> {
  const properties: unknown = "properties" in kind.schema ? kind.schema.properties : undefined;
  return new Set(isRecord(properties) ? Object.keys(properties) : []);
}

/**
 * Stored secrets that the sender left out are kept where they still fit: with another sort of credentials beside them
 * they do not, and are dropped.
 */
function parseWithSecrets(
  settings: Record<string, unknown>,
  kind: CheckKind,
  existing: Monitor | undefined,
): Parsed<JsonObject> {
  const stored = existing?.kind === kind.kind ? existing.settings : {};
  const keeping = kind.parseSettings(
    restoreSecrets(settings, stored, kind.secrets, true),
    "settings",
  );
  if (keeping.kind === "ok") return keeping;
  return kind.parseSettings(restoreSecrets(settings, stored, kind.secrets, false), "settings");
}

/** Reports a problem of a setting that was given in its short form where the sender wrote it. */
function atShortForm(problem: Problem, input: Record<string, unknown>): Problem {
  for (const [short, name] of Object.entries(shortForms)) {
    const path = `settings.${name}`;
    const isThere = problem.path === path || problem.path.startsWith(`${path}[`);
    if (isThere && input[short] !== undefined) return { path: short, message: problem.message };
  }
  return problem;
}

function readDependencies(
  value: unknown,
  context: InputContext,
  problems: Problem[],
): readonly MonitorId[] {
  if (!Array.isArray(value)) return [];
  const ids: MonitorId[] = [];
  value.forEach((item: unknown, i) => {
    const id = parseId<"monitor">(item);
    if (id === undefined) return;
    const path = `depends_on[${i}]`;
    if (id === context.id) problems.push({ path, message: "a monitor cannot depend on itself" });
    else if (context.monitor(id) === undefined) {
      problems.push({ path, message: `there is no monitor ${id}` });
    } else if (reaches(id, context.id, context.monitor)) {
      problems.push({ path, message: `monitor ${id} depends on this one already` });
    } else if (!ids.includes(id)) ids.push(id);
  });
  return ids;
}

function reaches(
  from: MonitorId,
  to: MonitorId,
  monitor: (id: MonitorId) => Monitor | undefined,
): boolean {
  const seen = new Set<MonitorId>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(monitor(id)?.dependsOn ?? []));
  }
  return false;
}

function monitorOf(
  input: MonitorInput,
  kind: CheckKind,
  settings: JsonObject,
  dependsOn: readonly MonitorId[],
  { id, now, existing }: InputContext,
): Monitor {
  return {
    id,
    name: input.name,
    kind: kind.kind,
    settings,
    labels: input.labels ?? {},
    dependsOn,
    enabled: input.enabled,
    intervalMs: ms(input.interval),
    timeoutMs: ms(input.timeout),
    judging: judgingOf({ ...kind.judgingDefaults, ...input.judging }),
    version: (existing?.version ?? 0) + 1,
    createdAt: existing?.createdAt ?? now,
    updatedAt: now,
    ...placementOf(input),
  };
}

function placementOf({ locations = [], quorum = null }: MonitorInput): Pick<Monitor, "placement"> {
  return locations.length === 0 ? {} : { placement: { locations, quorum } };
}

/** How a monitor is judged that says nothing about it. */
export function defaultJudging(): Judging {
  return judgingOf({});
}

function judgingOf(input: object): Judging {
  const parsed = parseJudging(input);
  if (parsed.kind === "bad") throw new TypeError("judging was not checked before");
  const judging = parsed.value;
  return {
    downAfter: judging.down_after,
    upAfter: judging.up_after,
    retryIntervalMs: judging.retry_interval === null ? null : ms(judging.retry_interval),
    degradedAfterMs:
      judging.degraded_response_time === null ? null : ms(judging.degraded_response_time),
    degradedCertificateDays: judging.degraded_certificate_days,
  };
}

/** A monitor in the form in which it is sent, with its secrets: what a patch is merged into. */
function inputOf(monitor: Monitor): Record<string, unknown> {
  return {
    name: monitor.name,
    kind: monitor.kind,
    enabled: monitor.enabled,
    interval: monitor.intervalMs / 1000,
    timeout: monitor.timeoutMs / 1000,
    labels: monitor.labels,
    depends_on: monitor.dependsOn,
    judging: judgingView(monitor.judging),
    locations: monitor.placement?.locations ?? [],
    quorum: monitor.placement?.quorum ?? null,
    settings: monitor.settings,
  };
}

/** The wire form of how a monitor is judged. */
export function judgingView(judging: Judging): {
  down_after: number;
  up_after: number;
  retry_interval: number | null;
  degraded_response_time: number | null;
  degraded_certificate_days: number | null;
} {
  return {
    down_after: judging.downAfter,
    up_after: judging.upAfter,
    retry_interval: seconds(judging.retryIntervalMs),
    degraded_response_time: seconds(judging.degradedAfterMs),
    degraded_certificate_days: judging.degradedCertificateDays,
  };
}

function ms(value: number): number {
  return Math.round(value * 1000);
}

function seconds(value: number | null): number | null {
  return value === null ? null : value / 1000;
}

/** JSON with sorted keys, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).toSorted(byKey)) : inner,
  );
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
