/** Outcomes as workers elsewhere send them. */
import {
  reasonTable,
  type DownReason,
  type UnknownReason,
  type WorkerOutcome,
} from "@belfry/contract";
import type { JsonObject } from "@belfry/contract";
import type { Outcome } from "./outcome.ts";

type Found = WorkerOutcome["found"];

/** The wire form of an outcome. */
export function foundOf(outcome: Outcome): Found {
  if (outcome.result === "unknown") {
    const { result, reason, message, durationMs } = outcome;
    return { result, reason, message: short(message), duration_ms: durationMs };
  }
  const { certificate } = outcome;
  const common = {
    duration_ms: outcome.durationMs,
    measurements: finite(outcome.measurements),
    status_code: outcome.statusCode,
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            fingerprint: certificate.fingerprint,
            name: short(certificate.name),
            expires_at: certificate.expiresAt,
          },
        }),
  };
  if (outcome.result === "up") {
    return { ...common, result: "up", certificate_days: outcome.certificateDays };
  }
  const { reason, message, evidence } = outcome;
  return { ...common, result: "down", reason, message: short(message), evidence: { ...evidence } };
}

/** Reads it; undefined where the reason is not one of its result. */
export function readFound(found: Found): Outcome | undefined {
  const durationMs = found.duration_ms;
  if (found.result === "unknown") {
    const { reason, message } = found;
    if (!isUnknownReason(reason)) return undefined;
    return { result: "unknown", reason, message, durationMs };
  }
  const { certificate } = found;
  const common = {
    durationMs,
    measurements: found.measurements,
    statusCode: found.status_code,
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            fingerprint: certificate.fingerprint,
            name: certificate.name,
            expiresAt: certificate.expires_at,
          },
        }),
  };
  if (found.result === "up") {
    return { ...common, result: "up", certificateDays: found.certificate_days };
  }
  const { reason, message } = found;
  if (!isDownReason(reason)) return undefined;
  return { ...common, result: "down", reason, message, evidence: evidenceOf(found.evidence) };
}

/** Guarantee: what was read from JSON is JSON. */
function evidenceOf(evidence: Record<string, unknown>): JsonObject {
  return evidence as JsonObject;
}

function isUnknownReason(reason: keyof typeof reasonTable): reason is UnknownReason {
  return reasonTable[reason].result === "unknown";
}

function isDownReason(reason: keyof typeof reasonTable): reason is DownReason {
  return reasonTable[reason].result === "down";
}

/** JSON has no other numbers; nothing was measured then. */
function finite(measurements: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(measurements).filter(([, value]) => Number.isFinite(value)),
  );
}

function short(text: string): string {
  return text.length > 8_000 ? text.slice(0, 8_000).toWellFormed() : text;
}
