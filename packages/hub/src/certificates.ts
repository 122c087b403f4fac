/**
 * Certificates about to end: `certificate_expiring`. It rings from the day the monitor is degraded for it
 * (`judging.degraded_certificate_days`, 14 by default; `null`: never), and is critical when three days are left, or a
 * quarter of that time where it is less. It is told once, again when it becomes critical, and is over when a good
 * certificate was seen for five minutes and three checks: machines behind one address are renewed one after another.
 */
import type { Severity } from "@belfry/contract";
import type { Clock } from "./model/clock.ts";
import { parseId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome, SeenCertificate } from "./model/outcome.ts";
import type { KeptRuleState } from "./model/rule-state.ts";
import type { Signal } from "./model/signal.ts";
import type { TroubleKeeper, TroubleKey } from "./self/trouble-keeper.ts";

export interface CertificatesParts {
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly keeper: TroubleKeeper;
}

export interface Certificates {
  /** Takes up what rang before. */
  load(kept: readonly KeptRuleState[]): void;
  /** Takes up what was told of monitors that another process checked before. */
  takeUp(ids: readonly MonitorId[], kept: readonly KeptRuleState[]): void;
  /** Notes what others told: certificates that they saw and that are about to end. */
  told(kept: readonly KeptRuleState[]): void;
  /** Looks at the certificate a check saw, if it saw one. */
  seen(monitor: Monitor, outcome: Outcome): void;
  /** The certificate a monitor was last shown; what it shares with others that show the same. */
  certificateOf(id: MonitorId): SeenCertificate | undefined;
  /** A monitor was paused or deleted: what was told of it is over without it. */
  forget(id: MonitorId): void;
}

const rule = "certificate_expiring";
/** What is told of certificates is kept under sources that begin so. */
export const certificatePrefix = "certificate:";
const dayMs = 86_400_000;
const criticalDays = 3;
const recoveryMs = 300_000;
const recoveryChecks = 3;

/** Makes the watch over certificates. */
export function createCertificates({ clock, keeper }: CertificatesParts): Certificates {
  const shown = new Map<MonitorId, SeenCertificate>();
  let toldOf: ReadonlyMap<MonitorId, SeenCertificate> = new Map();
  /** Of monitors whose trouble may be over: since when (monotonic ms) and for how many checks nothing is wrong. */
  const good = new Map<MonitorId, { readonly sinceMs: number; readonly checks: number }>();

  function isOver(id: MonitorId): boolean {
    const nowMs = clock.monotonicMs();
    const before = good.get(id) ?? { sinceMs: nowMs, checks: 0 };
    const now = { ...before, checks: before.checks + 1 };
    good.set(id, now);
    return now.checks >= recoveryChecks && nowMs - now.sinceMs >= recoveryMs;
  }

  function raise(monitor: Monitor, certificate: SeenCertificate, severity: Severity): void {
    good.delete(monitor.id);
    const key = keyOf(monitor.id);
    const before = keeper.raised(key);
    const isSame =
      before?.severity === severity && before.evidence["fingerprint"] === certificate.fingerprint;
    if (!isSame) keeper.raise(key, signalOf(monitor, certificate, severity, clock.now()));
  }

  return {
    load: (kept) => keeper.load(kept, certificatePrefix),
    takeUp(ids, kept) {
      keeper.replace(ids.map(keyOf), kept);
      for (const id of ids) good.delete(id);
    },
    told(kept) {
      toldOf = new Map(kept.flatMap(toldCertificate));
    },
    seen(monitor, outcome) {
      const certificate = outcome.result === "unknown" ? undefined : outcome.certificate;
      if (certificate === undefined) return;
      shown.set(monitor.id, certificate);
      const daysLeft = (certificate.expiresAt - clock.now()) / dayMs;
      const severity = severityOf(daysLeft, monitor.judging.degradedCertificateDays);
      if (severity !== null) return raise(monitor, certificate, severity);
      const key = keyOf(monitor.id);
      if (keeper.raised(key) === undefined || !isOver(monitor.id)) return;
      good.delete(monitor.id);
      keeper.clear(key, clock.now(), `${certificate.name}: ${daysText(daysLeft)} left`);
    },
    certificateOf: (id) => shown.get(id) ?? toldOf.get(id),
    forget(id) {
      shown.delete(id);
      good.delete(id);
      keeper.forget(keyOf(id));
    },
  };
}

/** How bad it is that so many days are left; null: not at all. */
function severityOf(daysLeft: number, warnDays: number | null): Severity | null {
  if (warnDays === null || daysLeft >= warnDays) return null;
  return daysLeft < Math.min(criticalDays, warnDays / 4) ? "critical" : "warning";
}

function signalOf(
  { id, name, labels }: Monitor,
  certificate: SeenCertificate,
  severity: Severity,
  now: number,
): Signal {
  const { fingerprint, expiresAt } = certificate;
  const daysLeft = (expiresAt - now) / dayMs;
  const ends = new Date(expiresAt).toISOString();
  const message =
    daysLeft <= 0
      ? `the certificate of ${certificate.name} ended at ${ends}`
      : `the certificate of ${certificate.name} has ${daysText(daysLeft)} left, until ${ends}`;
  return {
    key: `${rule}:monitor:${id}`,
    state: "raised",
    rule,
    subject: { kind: "monitor", id, name },
    severity,
    at: now,
    decidedAt: now,
    message,
    reason: null,
    evidence: { fingerprint, certificate: certificate.name, expires_at: ends },
    labels,
  };
}

/** `13.9 days`, `5 hours` */
function daysText(days: number): string {
  if (days >= 2) return `${days.toFixed(1)} days`;
  const hours = Math.max(0, Math.floor(days * 24));
  return hours === 1 ? "1 hour" : `${hours} hours`;
}

function keyOf(id: MonitorId): TroubleKey {
  return { source: `${certificatePrefix}${id}`, ruleId: rule };
}

/** The certificate of a monitor, as it was told. */
function toldCertificate({
  source,
  raised,
}: KeptRuleState): readonly [MonitorId, SeenCertificate][] {
  const id = parseId<"monitor">(source.slice(certificatePrefix.length));
  const { fingerprint, certificate: name, expires_at: ends } = raised?.evidence ?? {};
  if (id === undefined || typeof fingerprint !== "string") return [];
  if (typeof name !== "string" || typeof ends !== "string") return [];
  const expiresAt = Date.parse(ends);
  return Number.isNaN(expiresAt) ? [] : [[id, { fingerprint, name, expiresAt }]];
}
