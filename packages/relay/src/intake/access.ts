/**
 * Who may send. With a token: whoever has it. Without one the intake is for this machine alone, and a browser must not be
 * talked into sending to it by a page from elsewhere: names other than this machine's (DNS rebinding) and pages of other
 * origins are refused.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type Access =
  | { readonly kind: "token"; readonly token: string }
  /** No token, and only loopback addresses. */
  | { readonly kind: "loopback" }
  /** Whoever reaches it. */
  | { readonly kind: "open" };

/** Undefined when a request may come in, else the status and a sentence that refuse it. */
export function refusalOf(
  headers: IncomingHttpHeaders,
  access: Access,
): { readonly status: 401 | 403; readonly message: string } | undefined {
  switch (access.kind) {
    case "open":
      return undefined;
    case "token": {
      const given = /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
      if (isSame(given, access.token)) return undefined;
      return { status: 401, message: "expected Authorization: Bearer with the sidecar's token" };
    }
    case "loopback": {
      if (!isLocal(`http://${headers.host ?? "localhost"}`)) {
        return { status: 403, message: "without a token only names of this machine are answered" };
      }
      if (headers.origin !== undefined && !isLocal(headers.origin)) {
        return { status: 403, message: "without a token pages of other origins are refused" };
      }
      return undefined;
    }
  }
}

/** Takes as long for a wrong token as for the right one, whatever their lengths. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function isLocal(url: string): boolean {
  try {
    return isLoopback(new URL(url).hostname);
  } catch {
    return false;
  }
}

/** Whether a host name or address means this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
