/** What a hub's answer, or none, means for the samples that were sent. */
import type { HostSamplesAnswer } from "@belfry/contract";

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** The header `retry-after`. */
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/**
 * Why samples were not taken. `outage`: nobody there, or a fault of the hub. `throttled`: wait as told.
 * `misconfigured`: nothing will be taken until somebody changes something. `refused`: these samples will never be taken.
 */
export type FailureKind = "outage" | "throttled" | "misconfigured" | "refused";

export type Verdict =
  | { readonly kind: "sent"; readonly answer: Counted }
  /** The list of series has to come with it. */
  | { readonly kind: "unknown_series" }
  /** Less has to be sent in one request. */
  | { readonly kind: "too_large" }
  | {
      readonly kind: FailureKind;
      /** One line for the log and the status. */
      readonly why: string;
      readonly retryAfterMs: number;
      /** Whether the hub itself is out of reach, rather than at odds with these samples. */
      readonly isWhole: boolean;
    };

/** What the hub counted. */
export type Counted = Pick<HostSamplesAnswer, "accepted" | "refused" | "series_refused">;

/** Ms to wait for somebody to change something. */
const repairMs = 60_000;
/** Longer is not waited, whatever the hub asks for. */
const mostRetryAfterMs = 3_600_000;

export function judgeAnswer({ status, retryAfter, body }: RawAnswer, now: number): Verdict {
  const { code } = jsonOf(body);
  const why = whyOf(status, body);
  const after = retryAfterMs(retryAfter, now);
  if (status >= 200 && status < 300) {
    const answer = countedOf(body);
    if (answer !== undefined) return { kind: "sent", answer };
    return misconfigured(`${status}, but not the answer of a Belfry hub`);
  }
  if (status === 409 && code === "unknown_series") return { kind: "unknown_series" };
  if (status === 413) return { kind: "too_large" };
  if (status === 400 || status === 422) {
    return { kind: "refused", why, retryAfterMs: 0, isWhole: false };
  }
  if (status === 429 || status === 503) {
    return { kind: "throttled", why, retryAfterMs: after, isWhole: true };
  }
  if (status < 400 || [401, 403, 404, 405, 406, 410, 415].includes(status))
    return misconfigured(why);
  return { kind: "outage", why, retryAfterMs: after, isWhole: false };
}

/** What a request that failed without an answer means. */
export function judgeFault(error: unknown): Verdict {
  const code = stringOf(error, "code") ?? "";
  const message = stringOf(error, "message") ?? String(error);
  const why = code === "" || message.includes(code) ? message : `${code}: ${message}`;
  return isCertificateFault(code)
    ? misconfigured(why)
    : { kind: "outage", why, retryAfterMs: 0, isWhole: true };
}

function misconfigured(why: string): Verdict {
  return { kind: "misconfigured", why, retryAfterMs: repairMs, isWhole: true };
}

function isCertificateFault(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_SSL_)/.test(code);
}

function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), mostRetryAfterMs) : 0;
}

function countedOf(body: string): Counted | undefined {
  const answer = jsonOf(body);
  const accepted = answer["accepted"];
  if (typeof accepted !== "number") return undefined;
  return {
    accepted,
    refused: numberOf(answer["refused"]),
    series_refused: numberOf(answer["series_refused"]),
  };
}

/** `422 invalid: The batch does not fit: times: expected at least one, found none` */
function whyOf(status: number, body: string): string {
  const problem = jsonOf(body);
  const { errors } = problem;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const { path, message } = typeof first === "object" && first !== null ? fieldsOf(first) : {};
  const parts = [problem["detail"] ?? problem["title"], path, message].filter(isText).map(oneLine);
  return [[String(status), problem["code"]].filter(isText).join(" "), ...parts].join(": ");
}

function fieldsOf(value: object): Readonly<Record<string, unknown>> {
  return { ...value };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function jsonOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function stringOf(error: unknown, key: "code" | "message"): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : undefined;
}
