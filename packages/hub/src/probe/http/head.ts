/**
 * The head of an HTTP/1.x answer: status line and header fields (RFC 9112).
 *
 * Lenient where RFC 9112 allows a recipient to be: a bare LF ends a line, obs-fold becomes a space, bytes above 0x7f are
 * kept as Latin-1. Strict where an answer could be read in two ways: a bare CR or U+0000 anywhere, a space before the
 * colon, a name that is no token, or Content-Length fields that differ break the protocol.
 */

export interface Head {
  readonly version: "1.0" | "1.1";
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case and values, in the order of the answer; repeated fields repeat. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** How the body of an answer ends. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

/** What breaks the protocol, in words. */
export class ProtocolError extends Error {}

const statusLine = /^HTTP\/(1\.[01]) (\d{3})(?: (.*))?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The most fields an answer may have. */
const mostFields = 1_000;

/** Reads a head, given as Latin-1 without the empty line at its end. Throws `ProtocolError`. */
export function parseHead(text: string): Head {
  if (text.includes("\0")) throw new ProtocolError("the answer's head contains U+0000");
  const lines = text.split("\n").map(withoutCr);
  const match = statusLine.exec(lines[0] ?? "");
  if (match === null)
    throw new ProtocolError(`the answer does not begin like HTTP/1: ${quoted(lines[0] ?? "")}`);
  const [, version = "", status = "", statusText = ""] = match;
  const fields: (readonly [string, string])[] = [];
  for (let i = 1; i < lines.length; i += 1) addLine(fields, lines[i] ?? "");
  return { version: version === "1.0" ? "1.0" : "1.1", status: Number(status), statusText, fields };
}

function withoutCr(line: string): string {
  const bare = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (bare.includes("\r"))
    throw new ProtocolError(`a bare CR in the answer's head: ${quoted(bare)}`);
  return bare;
}

function addLine(fields: (readonly [string, string])[], line: string): void {
  if (line.startsWith(" ") || line.startsWith("\t")) {
    const last = fields.pop();
    if (last === undefined)
      throw new ProtocolError("the answer's first header field begins with a space");
    fields.push([last[0], `${last[1]} ${line.trim()}`.trim()]);
    return;
  }
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon));
  if (!token.test(name)) throw new ProtocolError(`not a header field: ${quoted(line)}`);
  if (fields.length >= mostFields) throw new ProtocolError(`more than ${mostFields} header fields`);
  fields.push([name.toLowerCase(), line.slice(colon + 1).trim()]);
}

/** A field's value; repeated fields are joined by a comma (RFC 9110, 5.3); undefined when absent. */
export function fieldOf(head: Head, name: string): string | undefined {
  let value: string | undefined;
  for (const [key, each] of head.fields) {
    if (key === name) value = value === undefined ? each : `${value}, ${each}`;
  }
  return value;
}

/** How the body of an answer is framed (RFC 9112, 6.3). Throws `ProtocolError`. */
export function framingOf(head: Head, method: string): Framing {
  const { status } = head;
  // What a proxy says behind its refusal of a tunnel is of no use.
  if (method === "CONNECT") return { kind: "none" };
  if (method === "HEAD" || status === 204 || status === 304 || status < 200)
    return { kind: "none" };
  const coding = fieldOf(head, "transfer-encoding")?.toLowerCase();
  if (coding !== undefined && coding !== "identity") {
    if (coding === "chunked") return { kind: "chunked" };
    throw new ProtocolError(`transfer coding ${quoted(coding)} was not asked for`);
  }
  const length = fieldOf(head, "content-length");
  if (length === undefined) return { kind: "close" };
  const [first = "", ...others] = length.split(",").map((part) => part.trim());
  if (!/^\d{1,15}$/.test(first) || others.some((other) => other !== first)) {
    throw new ProtocolError(`Content-Length is ${quoted(length)}`);
  }
  return { kind: "length", bytes: Number(first) };
}

/** Text of a peer for a message: printable, on one line, short. */
export function quoted(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, "?");
  return `"${printable.length > 60 ? `${printable.slice(0, 57)}...` : printable}"`;
}
