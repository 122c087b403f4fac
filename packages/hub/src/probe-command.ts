/**
 * `belfry probe`: checks a target once with the settings of the hub and prints what was found. Nothing is stored and no
 * hub has to run. The target is a URL, or a kind and its target: `tcp:db:5432`, `dns:example.org@192.0.2.53`, `ping:db`.
 */
import { stringify } from "yaml";
import type { Problem } from "@belfry/contract";
import type { Settings } from "./config/settings.ts";
import type { CheckKind } from "./model/check-kind.ts";
import type { Clock } from "./model/clock.ts";
import { parseMetricKey } from "./model/monitor-series.ts";
import type { Outcome } from "./model/outcome.ts";
import { parseHost } from "./probe/address.ts";
import { createProbeParts } from "./probe/parts.ts";
import { createCheckKinds } from "./probe/registry.ts";
import { watchLoop } from "./self/loop-stalls.ts";

export interface ProbeRequest {
  /** A URL, or `kind:target`. */
  readonly target: string;
  readonly json: boolean;
  /** Seconds, as typed; the configured time limit when absent. */
  readonly timeout?: string;
  /** Settings of the kind as `dotted.name=value`; a value is JSON where it can be read as such, else text. */
  readonly set?: readonly string[];
}

export interface ProbeCommandParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly version: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const exitCodes = { up: 0, down: 1, unknown: 3 } as const;
const wrongUsage = 2;

/** Does the check. Answers with the exit code: 0 up, 1 down, 2 for a target or settings that are wrong, 3 unknown. */
export async function runProbeCommand(
  request: ProbeRequest,
  parts: ProbeCommandParts,
): Promise<number> {
  const { settings, clock } = parts;
  using stalls = watchLoop(clock, () => {});
  await using probeParts = createProbeParts(
    {
      guard: settings.checks.network,
      anchors: settings.checks.anchors.flatMap(({ host, port }) => {
        const parsed = parseHost(host);
        return parsed === undefined ? [] : [{ host: parsed, port }];
      }),
      ...(settings.checks.resolvers.length > 0 ? { nameServers: settings.checks.resolvers } : {}),
      userAgent: `Belfry/${parts.version}`,
    },
    { clock, stalls, random: Math.random },
  );
  const plan = planOf(request, createCheckKinds(probeParts), settings.checks.defaultTimeoutMs);
  if ("problems" in plan) {
    for (const { path, message } of plan.problems) {
      parts.stderr(`belfry: probe: ${path === "" ? message : `${path}: ${message}`}\n`);
    }
    return wrongUsage;
  }
  const parsed = plan.kind.parseSettings(plan.settings);
  if (parsed.kind === "bad") {
    for (const { path, message } of parsed.problems) {
      parts.stderr(`belfry: probe: ${path}: ${message}\n`);
    }
    return wrongUsage;
  }
  const probe = plan.kind.createProbe(parsed.value);
  const { signal } = new AbortController();
  const outcome = await probe({ signal, timeoutMs: plan.timeoutMs });
  const target = plan.kind.targetOf(parsed.value);
  const report = request.json ? jsonReport : textReport;
  parts.stdout(report(plan.kind, target, outcome));
  const { assertions } = parsed.value;
  if (
    !request.json &&
    outcome.result === "up" &&
    Array.isArray(assertions) &&
    assertions.length > 0
  ) {
    parts.stdout(`All assertions hold (${assertions.length}).\n`);
  }
  return exitCodes[outcome.result];
}

interface Plan {
  readonly kind: CheckKind;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}

function planOf(
  request: ProbeRequest,
  kinds: ReadonlyMap<string, CheckKind>,
  defaultTimeoutMs: number,
): Plan | { readonly problems: readonly Problem[] } {
  const timeoutMs =
    request.timeout === undefined ? defaultTimeoutMs : Number(request.timeout) * 1_000;
  if (!(timeoutMs >= 100 && timeoutMs <= 600_000)) {
    return wrong("--timeout", `expected seconds from 0.1 to 600, found ${request.timeout}`);
  }
  const isUrl = /^https?:\/\//i.test(request.target);
  const colon = request.target.indexOf(":");
  const name = isUrl ? "http" : request.target.slice(0, Math.max(0, colon));
  const kind = kinds.get(name);
  if (kind === undefined) {
    const known = [...kinds.keys()].map((each) => `${each}:`).join(", ");
    return wrong("", `expected a URL or one of ${known} and a target, found ${request.target}`);
  }
  const rest = isUrl ? request.target : request.target.slice(colon + 1);
  const settings = settingsOf(kind, rest);
  for (const assignment of request.set ?? []) {
    const equals = assignment.indexOf("=");
    if (equals < 1) return wrong("--set", `expected name=value, found ${assignment}`);
    const path = assignment.slice(0, equals).split(".");
    setAt(settings, path, valueOf(assignment.slice(equals + 1)));
  }
  return { kind, settings, timeoutMs };
}

function wrong(path: string, message: string): { readonly problems: readonly Problem[] } {
  return { problems: [{ path, message }] };
}

/** The settings a target in one line stands for, by the settings its kind has: url, name[@server] or host[:port]. */
function settingsOf(kind: CheckKind, target: string): Record<string, unknown> {
  const known: unknown = Reflect.get(kind.schema, "properties");
  const has = (name: string): boolean =>
    typeof known === "object" && known !== null && name in known;
  if (has("url")) return { url: target };
  if (has("name")) {
    const [name, server] = target.split("@");
    return server === undefined ? { name } : { name, server };
  }
  if (!has("host")) return {};
  const port = has("port") ? /^(.*):(\d+)$/.exec(target) : null;
  // `::1` is an address, `[::1]:443` an address and a port.
  if (port === null || (target.includes("::") && !target.startsWith("["))) return { host: target };
  return { host: port[1], port: Number(port[2]) };
}

function setAt(settings: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) {
    settings[head] = value;
    return;
  }
  const inner = settings[head];
  const copy = typeof inner === "object" && inner !== null ? { ...inner } : {};
  setAt(copy, rest, value);
  settings[head] = copy;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function jsonReport(kind: CheckKind, target: string, outcome: Outcome): string {
  const { result, durationMs } = outcome;
  const report = {
    kind: kind.kind,
    target,
    result,
    reason: outcome.result === "up" ? null : outcome.reason,
    message: outcome.result === "up" ? null : outcome.message,
    duration_ms: durationMs,
    status_code: outcome.result === "unknown" ? null : outcome.statusCode,
    certificate_days: outcome.result === "up" ? outcome.certificateDays : null,
    measurements: outcome.result === "unknown" ? {} : outcome.measurements,
    evidence: outcome.result === "down" ? outcome.evidence : null,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function textReport(kind: CheckKind, target: string, outcome: Outcome): string {
  const took = `${outcome.durationMs.toFixed(1)} ms`;
  const lines = [`${kind.kind} ${target} is ${outcome.result} (${took})`];
  if (outcome.result !== "up") lines.push(`${outcome.reason}: ${outcome.message}`);
  if (outcome.result !== "unknown") lines.push("", ...measurementLines(outcome.measurements));
  if (outcome.result === "up" && outcome.certificateDays !== null) {
    lines.push("", `The certificate has ${outcome.certificateDays.toFixed(1)} days left.`);
  }
  if (outcome.result === "down") lines.push("", stringify(outcome.evidence).trimEnd());
  return `${lines.join("\n")}\n`;
}

/** Phases in milliseconds, then everything else by its metric's name. */
function measurementLines(measurements: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(measurements).map(([key, value]) => {
    const { phase } = parseMetricKey(key).labels;
    if (phase === undefined) return { name: key, text: String(value), isPhase: false };
    return { name: phase, text: `${(value * 1_000).toFixed(3)} ms`, isPhase: true };
  });
  const ordered = [...rows.filter((row) => row.isPhase), ...rows.filter((row) => !row.isPhase)];
  const width = Math.max(...ordered.map(({ name }) => name.length));
  return ordered.map(({ name, text }) => `  ${name.padEnd(width)}  ${text}`);
}
