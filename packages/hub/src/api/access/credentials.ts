/** What a request shows to say who it is: a key in one of three places, or a page's session. */
import type { IncomingHttpHeaders } from "node:http";

export type Credential =
  | { readonly kind: "key"; readonly secret: string }
  | { readonly kind: "session"; readonly token: string }
  | { readonly kind: "none" };

/** Name of the cookie that holds a page's session. */
export const sessionCookie = "belfry_session";

/**
 * Reads the credential. `Authorization: Bearer` goes before `X-API-Key`, the password of Basic credentials and the
 * cookie. An `Authorization` of another sort is a key that fits nobody.
 */
export function readCredential(
  headers: IncomingHttpHeaders,
  cookies: Readonly<Record<string, string | undefined>>,
): Credential {
  const { authorization } = headers;
  const apiKey = headers["x-api-key"];
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (bearer !== undefined) return { kind: "key", secret: bearer };
  if (typeof apiKey === "string" && apiKey !== "") return { kind: "key", secret: apiKey };
  if (authorization !== undefined) return { kind: "key", secret: passwordOf(authorization) };
  const token = cookies[sessionCookie];
  return token === undefined || token === "" ? { kind: "none" } : { kind: "session", token };
}

function passwordOf(authorization: string): string {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization)?.[1] ?? "";
  const decoded = Buffer.from(encoded, "base64").toString();
  const colon = decoded.indexOf(":");
  return colon === -1 ? "" : decoded.slice(colon + 1);
}
