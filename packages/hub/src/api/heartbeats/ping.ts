/** A request as a call of a heartbeat. */
import type { PingKind } from "@belfry/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { pingBodyLimit, type Ping } from "../../model/heartbeat.ts";

/** Largest body of a call, in bytes; the first `pingBodyLimit` of them are kept. */
export const pingRequestLimit = 1024 * 1024;

/** Has a scope take bodies in as bytes, whatever their type. */
export function addPingBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

/** The call that a request is. `at` is epoch ms. */
export function pingOf(
  request: FastifyRequest,
  at: number,
  what: {
    readonly kind: PingKind;
    readonly exitCode?: number;
    readonly rid?: string;
    readonly body?: string;
    readonly ownDurationMs?: number | null;
  },
): Ping {
  const bytes = what.body === undefined ? bytesOf(request.body) : Buffer.from(what.body);
  return {
    at,
    kind: what.kind,
    exitCode: what.exitCode ?? null,
    rid: what.rid ?? null,
    method: request.method,
    source: request.ip,
    userAgent: (request.headers["user-agent"] ?? "").slice(0, mostUserAgent),
    body: textOf(bytes),
    bodyBytes: bytes.length,
    ownDurationMs: what.ownDurationMs ?? null,
  };
}

const mostUserAgent = 200;

function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** The first bytes as text; a character that the limit cuts through is left out. */
function textOf(bytes: Buffer): string {
  return new TextDecoder().decode(bytes.subarray(0, pingBodyLimit), {
    stream: bytes.length > pingBodyLimit,
  });
}
