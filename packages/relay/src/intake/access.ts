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

/** What refuses a request, as a status and a sentence. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/** Makes what looks at the headers of requests: undefined when one may come in, else what refuses it. */
export function createGate(access: Access): (headers: IncomingHttpHeaders) => Refusal | undefined {
  switch (access.kind) {
    case "open":
      return () => undefined;
    case "token":
      return ({ authorization = "" }) => {
        const given = /^bearer +(.+)$/i.exec(authorization)?.[1] ?? "";
        if (isSame(given, access.token)) return undefined;
        return { status: 401, message: "expected Authorization: Bearer with the sidecar's token" };
      };
    case "loopback": {
      const isLocal = createLocalCheck();
      return ({ host = "localhost", origin }) => {
        if (!isLocal(`http://${host}`)) {
          const message = "without a token only names of this machine are answered";
          return { status: 403, message };
        }
        if (origin !== undefined && !isLocal(origin)) {
          return { status: 403, message: "without a token pages of other origins are refused" };
        }
        return undefined;
      };
    }
  }
}

/** Takes as long for a wrong token as for the right one, whatever their lengths. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function createLocalCheck(): (url: string) => boolean {
  // A client says the same in every request: parsing it each time would cost as much as the rest of the check.
  let last = "";
  let wasLocal = false;
  return (url) => {
    if (url !== last) {
      wasLocal = URL.canParse(url) && isLoopback(new URL(url).hostname);
      last = url;
    }
    return wasLocal;
  };
}

/** Whether a host name or address means this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
