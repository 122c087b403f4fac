/**
 * Whose fault is it? Turns what went wrong below a check into a reason of the closed list. The one table:
 *
 * | what                                                                       | result                    |
 * | -------------------------------------------------------------------------- | ------------------------- |
 * | EMFILE ENFILE ENOBUFS ENOMEM EADDRNOTAVAIL EAGAIN, an error of Belfry's own | unknown(internal)         |
 * | the event loop stood still for longer than the margin of the time limit    | unknown(internal)         |
 * | a missing program, EACCES EPERM EINVAL: a setting that cannot be applied   | unknown(misconfigured)    |
 * | ENETUNREACH ENETDOWN EAFNOSUPPORT (no route)                               | unknown(own_network)      |
 * | a time-out, EHOSTUNREACH or a DNS failure while Belfry's own network is gone | unknown(own_network)    |
 * | everything else, NXDOMAIN in any case                                      | down                      |
 *
 * `doubts` says what has to be ruled out before a fault may be called the target's; `FaultJudge` does that.
 */
import { reasonTable, type DownReason, type Reason, type UnknownReason } from "@belfry/contract";

/** Something that kept a check from finding its target up. */
export interface Fault {
  readonly reason: Reason;
  /** One sentence without secrets. */
  readonly message: string;
  /** The code of the system, OpenSSL or DNS error behind it, for the evidence. */
  readonly code: string | null;
  readonly doubts: Doubts;
}

/** `stall`: may come from Belfry's event loop having stood still; `network`: may come from Belfry's own network. */
export type Doubts = "none" | "stall" | "stall and network";

/** A value, or why there is none. */
export type Attempt<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "fault"; readonly fault: Fault };

/** Wraps a fault. */
export function failed(fault: Fault): { readonly kind: "fault"; readonly fault: Fault } {
  return { kind: "fault", fault };
}

/** Makes a fault; without `doubts` nothing has to be ruled out. */
export function faultOf(
  reason: Reason,
  message: string,
  doubts: Doubts = "none",
  code: string | null = null,
): Fault {
  return { reason, message, code, doubts };
}

/** Whether a reason speaks about the target. */
export function isDownReason(reason: Reason): reason is DownReason {
  return reasonTable[reason].result === "down";
}

/** Whether a reason speaks about Belfry. */
export function isUnknownReason(reason: Reason): reason is UnknownReason {
  return reasonTable[reason].result === "unknown";
}

interface Row {
  readonly reason: Reason;
  readonly says: string;
  readonly doubts?: Doubts;
}

/** Codes of system calls. */
const systemFaults: Readonly<Record<string, Row>> = {
  EMFILE: { reason: "internal", says: "Belfry has too many files open" },
  ENFILE: { reason: "internal", says: "this machine has too many files open" },
  ENOBUFS: { reason: "internal", says: "this machine has no buffer space left" },
  ENOMEM: { reason: "internal", says: "this machine has no memory left" },
  EADDRNOTAVAIL: { reason: "internal", says: "this machine has no free local port or address" },
  EAGAIN: { reason: "internal", says: "this machine is out of a resource" },
  ENETUNREACH: { reason: "own_network", says: "this machine has no route there" },
  ENETDOWN: { reason: "own_network", says: "this machine's network is down" },
  EAFNOSUPPORT: { reason: "own_network", says: "this machine does not have that kind of network" },
  EACCES: { reason: "misconfigured", says: "this machine does not permit it" },
  EPERM: { reason: "misconfigured", says: "this machine does not permit it" },
  EINVAL: { reason: "misconfigured", says: "this machine refuses such an address" },
  ECONNREFUSED: { reason: "refused", says: "the connection was refused" },
  ECONNRESET: { reason: "reset", says: "the connection was cut", doubts: "stall" },
  EPIPE: { reason: "reset", says: "the connection was cut", doubts: "stall" },
  ECONNABORTED: { reason: "reset", says: "the connection was cut", doubts: "stall" },
  EHOSTUNREACH: {
    reason: "unreachable",
    says: "the host could not be reached",
    doubts: "stall and network",
  },
  EHOSTDOWN: {
    reason: "unreachable",
    says: "the host could not be reached",
    doubts: "stall and network",
  },
  ETIMEDOUT: { reason: "timeout", says: "no answer from the host", doubts: "stall and network" },
};

/** Codes of DNS failures, as c-ares and getaddrinfo name them. */
const dnsFaults: Readonly<Record<string, Row>> = {
  ENOTFOUND: { reason: "dns", says: "does not exist (NXDOMAIN)" },
  ENODATA: { reason: "dns", says: "has no record of the type asked for" },
  EBADNAME: { reason: "dns", says: "is not a name that can be looked up" },
  ESERVFAIL: { reason: "dns", says: "SERVFAIL from the name server", doubts: "stall and network" },
  EAI_AGAIN: { reason: "dns", says: "temporary failure (EAI_AGAIN)", doubts: "stall and network" },
  ETIMEOUT: { reason: "dns", says: "no answer from the name servers", doubts: "stall and network" },
  ECONNREFUSED: {
    reason: "dns",
    says: "no name server could be contacted",
    doubts: "stall and network",
  },
  EREFUSED: { reason: "dns", says: "REFUSED by the name server", doubts: "stall and network" },
  ENOMEM: { reason: "internal", says: "this machine has no memory left" },
  EMFILE: { reason: "internal", says: "Belfry has too many files open" },
  ENFILE: { reason: "internal", says: "this machine has too many files open" },
};

/** The fault behind an error of a socket or a system call. `doing` says what was tried: `connect to 10.0.0.1:80`. */
export function faultOfError(error: unknown, doing: string): Fault {
  const code = codeOf(error);
  const row = code === null ? undefined : systemFaults[code];
  if (row !== undefined) {
    return faultOf(row.reason, `${doing}: ${row.says} (${code})`, row.doubts, code);
  }
  if (code !== null && isTlsCode(code)) {
    return faultOf("tls", `${doing}: ${tlsReason(error)} (${code})`, "none", code);
  }
  // Only a system call can fail for a reason outside of this process; what is left is a defect of Belfry.
  if (code !== null && isSystemError(error)) {
    return faultOf("unreachable", `${doing}: ${code}`, "none", code);
  }
  return faultOf("internal", `${doing}: ${code ?? "failed inside of Belfry"}`, "none", code);
}

/** The fault behind a failed look-up of a name. */
export function faultOfDns(error: unknown, name: string): Fault {
  const code = codeOf(error);
  const row = code === null ? undefined : dnsFaults[code];
  if (row !== undefined) return faultOf(row.reason, `${name}: ${row.says}`, row.doubts, code);
  if (code === null || code.startsWith("ERR_")) {
    return faultOf("internal", `${name}: the look-up failed inside of Belfry`, "none", code);
  }
  return faultOf("dns", `${name}: the look-up failed (${code})`, "stall and network", code);
}

/** The fault of a time limit that passed. `doing` says what was waited for. */
export function timeoutFault(doing: string, limitMs: number): Fault {
  const message = `${doing}: no complete answer within ${limitMs / 1000} s`;
  return faultOf("timeout", message, "stall and network");
}

/** The outcome of a check that was called off is dropped; this is what it says meanwhile. */
export const abortedFault: Fault = faultOf("internal", "the check was called off");

/** The `code` of an error, null where it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

function isSystemError(error: unknown): boolean {
  return typeof error === "object" && error !== null && "syscall" in error;
}

/** OpenSSL's own sentence is the best there is: `wrong version number`, `certificate required`. */
function tlsReason(error: unknown): string {
  if (typeof error !== "object" || error === null || !("reason" in error)) return "TLS failed";
  return typeof error.reason === "string" ? error.reason : "TLS failed";
}

function isTlsCode(code: string): boolean {
  return code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_");
}
