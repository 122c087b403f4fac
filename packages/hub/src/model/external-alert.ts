/**
 * Alerts of other systems, as Prometheus sends them to Alertmanager's API v2. An alert is known by its labels, fires from
 * `startsAt` on, and ends at `endsAt`: its sender moves that forward for as long as it fires. Times are epoch ms.
 */
import type { Severity } from "@belfry/contract";
import type { Signal } from "./signal.ts";

/** An alert as it was sent. */
export interface ExternalAlert {
  /** Of its labels, see `fingerprintOf`. */
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  readonly endsAt: number;
  /** Where it comes from; empty: not said. */
  readonly generatorUrl: string;
  readonly updatedAt: number;
}

/** So long an alert fires that does not say when it ends, ms; Alertmanager's `resolve_timeout` by default. */
export const resolveTimeoutMs = 300_000;

const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/** What Prometheus and Alertmanager know a set of labels by: FNV-1a (64 bits) over names and values in order, in hex. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let hash = offset;
  const add = (byte: number): void => void (hash = ((hash ^ BigInt(byte)) * prime) & mask);
  for (const name of Object.keys(labels).toSorted(byBytes)) {
    for (const text of [name, labels[name] ?? ""]) {
      for (const byte of Buffer.from(text)) add(byte);
      add(0xff);
    }
  }
  return hash.toString(16).padStart(16, "0");
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Words of the label `severity` for what has to be dealt with at once. */
const critical: ReadonlySet<string> = new Set(["critical", "page", "error", "emergency", "fatal"]);
const info: ReadonlySet<string> = new Set(["info", "information", "none", "notice", "debug"]);

/** How bad an alert is, by its label `severity`; `warning` for every word that is not known. */
export function severityOf({ severity = "" }: Readonly<Record<string, string>>): Severity {
  const word = severity.toLowerCase();
  if (critical.has(word)) return "critical";
  return info.has(word) ? "info" : "warning";
}

const longestName = 200;
const longestMessage = 1_000;

/** What alerting is told of an alert at `now`. */
export function signalOfAlert(
  { fingerprint, labels, annotations, startsAt, generatorUrl }: ExternalAlert,
  state: Signal["state"],
  at: { readonly at: number; readonly decidedAt: number },
): Signal {
  const { alertname = "alert", instance = "", severity: _severity, ...rest } = labels;
  const name = instance === "" ? alertname : `${alertname} (${instance})`;
  const said = annotations["summary"] || annotations["description"] || annotations["message"];
  return {
    key: `alert:external:${fingerprint}`,
    state,
    rule: alertname.slice(0, longestName),
    subject: { kind: "external", id: fingerprint, name: name.slice(0, longestName) },
    severity: severityOf(labels),
    ...at,
    message: (said || "fires").slice(0, longestMessage),
    reason: null,
    evidence: {
      ...(generatorUrl === "" ? {} : { generator_url: generatorUrl }),
      ...(annotations["runbook_url"] ? { runbook_url: annotations["runbook_url"] } : {}),
      started_at: new Date(startsAt).toISOString(),
    },
    labels: { ...rest, alertname, ...(instance === "" ? {} : { instance }) },
  };
}

/** What a client said of an alert that is known already. The sooner beginning holds for as long as it goes on. */
export function mergedAlert(known: ExternalAlert | undefined, next: ExternalAlert): ExternalAlert {
  if (known === undefined || known.endsAt < next.startsAt) return next;
  return { ...next, startsAt: Math.min(known.startsAt, next.startsAt) };
}
