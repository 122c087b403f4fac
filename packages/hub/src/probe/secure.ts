/**
 * TLS on a connected socket, and what the certificates say. The chain is read whether or not it is acceptable, so that a
 * refusal comes with its evidence; nothing is sent to a peer that was not verified.
 */
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { JsonObject } from "@belfry/contract";
import type { Clock } from "../model/clock.ts";
import type { SeenCertificate } from "../model/outcome.ts";
import { hostText, type Host } from "./address.ts";
import type { Deadline } from "./deadline.ts";
import { codeOf, failed, faultOf, faultOfError, type Attempt, type Fault } from "./fault.ts";
import { printable } from "./redact.ts";

/** How a peer is greeted and what is asked of its certificates. Made once per probe. */
export interface TlsPlan {
  readonly context: SecureContext;
  readonly verify: boolean;
  /** Sent as server name and checked against the certificate, in place of the target's host. */
  readonly serverName: string | null;
  /** Application protocols offered (ALPN). */
  readonly alpn: readonly string[];
}

export interface TlsMaterial {
  readonly verify: boolean;
  /** PEM; trusted instead of the usual authorities. */
  readonly ca?: string | undefined;
  /** PEM certificate chain, with its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly serverName?: string | undefined;
  readonly alpn?: readonly string[];
}

/** Filled in during a handshake, so that a failure still shows the chain. */
export interface TlsReport {
  handshakeMs: number;
  chain: readonly X509Certificate[];
  protocol: string | null;
  cipher: string | null;
}

/** An empty report. */
export function emptyTlsReport(): TlsReport {
  return { handshakeMs: 0, chain: [], protocol: null, cipher: null };
}

/** Prepares TLS; throws what OpenSSL says of material it cannot use. */
export function createTlsPlan(material: TlsMaterial): TlsPlan {
  const { ca, cert, key, passphrase } = material;
  return {
    context: createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
    verify: material.verify,
    serverName: material.serverName ?? null,
    alpn: material.alpn ?? [],
  };
}

/** Makes plans; those without material of their own share one context. */
export type TlsPlanner = (material: TlsMaterial) => TlsPlan;

/** Makes a planner. */
export function createTlsPlanner(): TlsPlanner {
  let shared: SecureContext | undefined;
  return (material) => {
    if (material.ca !== undefined || material.cert !== undefined) return createTlsPlan(material);
    shared ??= createSecureContext();
    return {
      context: shared,
      verify: material.verify,
      serverName: material.serverName ?? null,
      alpn: material.alpn ?? [],
    };
  };
}

/** Does the handshake and judges the peer. The socket that comes back has an error listener and belongs to the caller. */
export async function secure(
  socket: Socket,
  host: Host,
  plan: TlsPlan,
  deadline: Deadline,
  clock: Clock,
  report: TlsReport,
): Promise<Attempt<TLSSocket>> {
  const before = clock.monotonicMs();
  const attempt = await handshake(socket, host, plan, deadline);
  report.handshakeMs += clock.monotonicMs() - before;
  if (attempt.kind === "fault") return attempt;
  const secured = attempt.value;
  report.chain = chainOf(secured);
  report.protocol = secured.getProtocol();
  report.cipher = secured.getCipher().name;
  const refusal = plan.verify ? refusalOf(secured, host, plan) : null;
  if (refusal === null) return attempt;
  secured.destroy();
  return failed(refusal);
}

function handshake(
  socket: Socket,
  host: Host,
  plan: TlsPlan,
  deadline: Deadline,
): Promise<Attempt<TLSSocket>> {
  const doing = `TLS handshake with ${hostText(host)}`;
  const name = plan.serverName ?? (host.kind === "name" ? host.name : null);
  return new Promise((resolve) => {
    const secured = connect({
      socket,
      secureContext: plan.context,
      // Both are done by `refusalOf` instead, with the chain at hand.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(name === null ? {} : { servername: name }),
      ...(plan.alpn.length === 0 ? {} : { ALPNProtocols: [...plan.alpn] }),
    });
    let isOver = false;
    const settle = (attempt: Attempt<TLSSocket>): void => {
      // The error listener stays for the life of the socket, but the deadline serves somebody else by then.
      if (isOver) return;
      isOver = true;
      deadline.waited();
      secured.off("close", closed);
      if (attempt.kind === "fault") {
        secured.destroy();
        socket.destroy();
      }
      resolve(attempt);
    };
    const closed = (): void =>
      settle(failed(faultOf("reset", `${doing}: the connection was closed`, "stall")));
    secured.on("error", (error) => settle(failed(faultOfError(error, doing))));
    secured.on("close", closed);
    secured.on("secureConnect", () => settle({ kind: "ok", value: secured }));
    deadline.wait(doing, (fault) => settle(failed(fault)));
  });
}

/** Why a peer is not to be trusted, null when it is. */
function refusalOf(secured: TLSSocket, host: Host, plan: TlsPlan): Fault | null {
  if (!secured.authorized) {
    // A code as text at run time, whatever the types say.
    const error: unknown = secured.authorizationError;
    const code = typeof error === "string" ? error : codeOf(error);
    return faultOf("tls", `certificate: ${verifyErrors[code ?? ""] ?? code}`, "none", code);
  }
  const name = plan.serverName ?? hostText(host);
  const mismatch = checkServerIdentity(name, secured.getPeerCertificate());
  if (mismatch === undefined) return null;
  return faultOf("tls", `certificate: ${mismatch.message}`, "none", codeOf(mismatch));
}

/** The certificates a peer sent, its own first, each with its issuer behind it. */
function chainOf(secured: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: X509Certificate | undefined = secured.getPeerX509Certificate();
  while (next !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

/** When the first certificate of a chain expires, in epoch ms; null for an empty chain. */
export function earliestExpiry(chain: readonly X509Certificate[]): number | null {
  return firstToExpire(chain)?.validToDate.getTime() ?? null;
}

/** The certificate of a chain that expires first; null for an empty chain. */
export function seenCertificate(chain: readonly X509Certificate[]): SeenCertificate | null {
  const first = firstToExpire(chain);
  if (first === undefined) return null;
  return {
    fingerprint: first.fingerprint256.replaceAll(":", "").toLowerCase(),
    name: printable(shortName(first), 200),
    expiresAt: first.validToDate.getTime(),
  };
}

function firstToExpire(chain: readonly X509Certificate[]): X509Certificate | undefined {
  let first: X509Certificate | undefined;
  for (const one of chain) {
    if (first === undefined || one.validToDate < first.validToDate) first = one;
  }
  return first;
}

/** Its common name, else the first of its other names. */
function shortName({ subject, subjectAltName }: X509Certificate): string {
  const common = /^CN=(.+)$/m.exec(subject)?.[1];
  return common ?? subjectAltName?.split(", ", 1)[0]?.replace(/^[A-Za-z ]+:/, "") ?? subject;
}

/** Days from an instant to an expiry, with fractions; negative when it has passed. */
export function daysUntil(expiresAt: number, nowMs: number): number {
  return (expiresAt - nowMs) / 86_400_000;
}

/** What a person needs to know of each certificate of a chain. */
export function chainEvidence(chain: readonly X509Certificate[]): JsonObject[] {
  return chain.map((certificate) => ({
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: oneLine(certificate.subjectAltName ?? ""),
    serial: certificate.serialNumber,
    valid_from: certificate.validFromDate.toISOString(),
    valid_to: certificate.validToDate.toISOString(),
    key: keyText(certificate),
    signature: certificate.signatureAlgorithm ?? "",
    fingerprint_sha256: certificate.fingerprint256,
  }));
}

/** `rsa 2048`, `ec prime256v1`, `ed25519`. */
function keyText({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return [publicKey.asymmetricKeyType, modulusLength ?? namedCurve].filter(Boolean).join(" ");
}

const nameLength = 2_000;

function oneLine(name: string): string {
  return printable(name.replaceAll("\n", ", "), nameLength);
}

/** Codes of OpenSSL's verification, in words. */
const verifyErrors: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in a self-signed certificate that is not trusted",
  // OpenSSL knows which it is, but Node passes on no more.
  UNSPECIFIED: "OpenSSL does not accept it, most likely for a key or a signature that is too weak",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not known",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its chain is incomplete or its issuer is not known",
};
