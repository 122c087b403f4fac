/**
 * Links in notices that do one thing to one incident, without signing in. The signature (HMAC-SHA-256) is over the
 * incident, the action, the time until which it holds and the key, so that none of them can be changed; whoever has a link
 * can do what it says and nothing else. Every hub of a database signs with the same secret.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncidentId } from "./id.ts";

export const linkActions = ["acknowledge", "snooze"] as const;
export type LinkAction = (typeof linkActions)[number];

/** The name the secret is kept by. */
export const linkSecretName = "incident_links";
/** Where links lead to; the incident's id and the action follow. */
export const linkPath = "/incident-links";
/** How long a link holds, ms. */
const lifetimeMs = 7 * 86_400_000;

/** What a link says. */
export interface IncidentLink {
  readonly incidentId: IncidentId;
  readonly action: LinkAction;
  /** Unix seconds. */
  readonly until: number;
  /** The key it was signed with. */
  readonly key: string;
  /** Base64url. */
  readonly signature: string;
}

export interface SignedLinks {
  /** Path and query of a link that holds for a week from `now` (epoch ms). */
  pathOf(incidentId: IncidentId, action: LinkAction, now: number): string;
  /** `genuine`, `expired`, or `forged`: not signed with the present key, or changed. Takes as long for all of them. */
  judge(link: IncidentLink, now: number): "genuine" | "expired" | "forged";
}

/** A secret that was never used: 256 random bits. */
export function newLinkSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Signs and reads links with a secret as `newLinkSecret` makes it. */
export function createSignedLinks(secret: string): SignedLinks {
  // Names the secret without giving it away, so that a link of a former one is known as such.
  const key = createHash("sha256").update(`incident links ${secret}`).digest("hex").slice(0, 8);
  const sign = (incidentId: IncidentId, action: LinkAction, until: number): Buffer =>
    createHmac("sha256", secret)
      .update(["v1", key, incidentId, action, String(until)].join("\n"))
      .digest();
  return {
    pathOf(incidentId, action, now) {
      const until = Math.ceil((now + lifetimeMs) / 1000);
      const signature = sign(incidentId, action, until).toString("base64url");
      return `${linkPath}/${incidentId}/${action}?until=${until}&key=${key}&sig=${signature}`;
    },
    judge(link, now) {
      const right = sign(link.incidentId, link.action, link.until);
      const given = Buffer.from(link.signature, "base64url");
      const isSame = given.length === right.length && timingSafeEqual(given, right);
      if (!isSame || link.key !== key) return "forged";
      return now < link.until * 1000 ? "genuine" : "expired";
    },
  };
}

/** As in an address, percent-encoded in a form, and escaped in JSON, HTML and quoted-printable. */
const signatures = /(sig(?:=3D|=|%3D|\\u003d|&#61;|&#x3d;))[\w-]+/gi;

/** A text without the signatures of links in it, for logs. */
export function withoutSignatures(text: string): string {
  return text.replace(signatures, "$1…");
}
