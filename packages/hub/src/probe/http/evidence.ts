/** What is kept of a failed HTTP check. */
import type { Json, JsonObject } from "@belfry/contract";
import { seconds } from "../conclude.ts";
import { printable, type Redactor } from "../redact.ts";
import { chainEvidence } from "../secure.ts";
import { textOf, unpackPart } from "./content.ts";
import { fieldOf, type Head } from "./head.ts";
import type { Journey } from "./journey.ts";

/** How much of a body is kept, in characters. */
const bodyLength = 4_096;
/** How much of a body has to be there to make that of it. */
export const evidenceBytes = 16_384;
const valueLength = 1_000;
const mostFields = 100;

/** Answers hand out sessions and tokens in these. */
const maskedFields = ["set-cookie", "set-cookie2", "authorization", "proxy-authorization"];

/** The evidence of a journey: as much of it as there was. */
export function journeyEvidence(journey: Journey, method: string, redact: Redactor): JsonObject {
  const { answer } = journey;
  return {
    method,
    url: redact(journey.url.href),
    ...(journey.address === null ? {} : { remote_address: journey.address.text }),
    phases: phasesOf(journey),
    ...(journey.redirects.length === 0 ? {} : { redirects: redirectsOf(journey, redact) }),
    ...tlsOf(journey),
    ...(answer?.head == null ? {} : answerOf(answer.head, beginning(answer.kept), redact)),
    ...(answer === null ? {} : { body_bytes: answer.bodyBytes }),
  };
}

function phasesOf(journey: Journey): JsonObject {
  return {
    resolve: seconds(journey.resolveMs),
    connect: seconds(journey.connectMs),
    tls: seconds(journey.handshakeMs),
    processing: seconds(journey.processingMs),
    transfer: seconds(journey.transferMs),
  };
}

function redirectsOf(journey: Journey, redact: Redactor): Json {
  return journey.redirects.map(({ url, status, location }) => ({
    url: redact(url),
    status,
    location: redact(printable(location, valueLength)),
  }));
}

function tlsOf({ chain, protocol, cipher }: Journey): JsonObject {
  if (chain.length === 0) return {};
  return { tls: { protocol, cipher, certificates: chainEvidence(chain) } };
}

function answerOf(head: Head, body: Buffer, redact: Redactor): JsonObject {
  const text = bodyText(head, body);
  return {
    http_version: head.version,
    status: head.status,
    status_text: redact(printable(head.statusText, 200)),
    headers: headersOf(head, redact),
    ...(text === null ? {} : { body: printable(redact(text), bodyLength) }),
  };
}

function beginning(kept: readonly Buffer[]): Buffer {
  const bytes = kept.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat(kept, Math.min(bytes, evidenceBytes));
}

function headersOf(head: Head, redact: Redactor): JsonObject {
  // A map, because a field may be called `constructor`.
  const headers = new Map<string, string>();
  for (const [name, value] of head.fields.slice(0, mostFields)) {
    const shown = maskedFields.includes(name) ? "•••" : redact(printable(value, valueLength));
    const before = headers.get(name);
    headers.set(name, before === undefined ? shown : `${before}, ${shown}`);
  }
  return Object.fromEntries(headers);
}

function bodyText(head: Head, body: Buffer): string | null {
  const unpacked = unpackPart(body, fieldOf(head, "content-encoding"));
  if (unpacked === null) return null;
  return textOf(unpacked, fieldOf(head, "content-type"));
}
