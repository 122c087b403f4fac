/** How bodies with events are read: as bytes, packed or not, so that one bad event never refuses the others. */
import { bad, ok, type Parsed } from "@belfry/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../model/error.ts";
import { unpack } from "../hosts/unpack.ts";

/** Largest body as it is sent, in bytes. */
export const eventBodyLimit = 4 * 1024 * 1024;
/** Largest body unpacked, in bytes. */
const unpackedLimit = 16 * 1024 * 1024;
/** Events of one request. */
export const mostEvents = 1000;

/** Has a scope take bodies in as bytes. */
export function addEventBodies(app: FastifyInstance, types: string | string[]): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(types, { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
}

/** The body is read by the handler: it may have to be unpacked first. */
export function asBytes(body: unknown): Parsed<never> {
  return ok(body as never);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The JSON of a body; throws `malformed`, `too_large` or `unsupported_media_type`. */
export async function readJson({ body, headers }: FastifyRequest): Promise<unknown> {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new AppError("malformed", "The body is empty");
  }
  const bytes = await unpack(body, headers["content-encoding"], unpackedLimit);
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new AppError("malformed", "The body is not valid JSON", { cause });
  }
}

/** The events of a batch: a list, or an object with a list under `events`; throws `too_large`. */
export function eventsOf(value: unknown): Parsed<readonly unknown[]> {
  const inner =
    typeof value === "object" && value !== null && "events" in value ? value.events : value;
  if (!Array.isArray(inner)) {
    return bad({
      path: "",
      message: "expected a list of events, or an object with one as `events`",
    });
  }
  const list: readonly unknown[] = inner;
  if (list.length > mostEvents) {
    throw new AppError(
      "too_large",
      `${list.length} events: at most ${mostEvents} may come at once`,
    );
  }
  return ok(list);
}
