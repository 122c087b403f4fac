/**
 * `POST /prometheus/api/v1/write`: Prometheus's remote_write 1.0, as Prometheus, vmagent and the OpenTelemetry collector
 * send it (https://prometheus.io/docs/specs/prw/remote_write_spec/).
 *
 * A sender repeats a request that was answered with 5xx or 429, and drops one that was answered with another 4xx. So what
 * can be kept of a request is kept and answered with 204, whatever was wrong with the rest of it: series that cannot be
 * kept, samples that are too old or too far ahead. What was not kept is counted, and said in the log. 400 is for a body
 * that will never be read, and for one of which nothing can be kept.
 */
import type { FastifyInstance } from "fastify";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import type { ApiParts, RemoteWriteSummary } from "../parts.ts";
import { addRoute, noContent, type Answer } from "../route.ts";
import type { ApiSettings } from "../settings.ts";
import { createWriteCount } from "./write-count.ts";

const line = (description: string): Answer => ({
  description,
  schema: Type.String(),
  type: "text/plain",
});

const errorAnswers = {
  400: line("The body will never be read, or nothing of it can be kept: do not send it again"),
  401: line("No valid key"),
  403: line("The key may not do that"),
  413: line("The body is too large"),
  415: line("Neither remote_write 1.0 nor Snappy"),
  429: line("Too many requests: send it again later"),
  500: line("A fault of Belfry: send it again later"),
  503: line("The store cannot take it now: send it again later"),
};

/** Registers the route, in a scope of its own: bodies of any content type come in as bytes. */
export function addRemoteWriteRoute(
  app: FastifyInstance,
  settings: Pick<ApiSettings, "importLimitBytes">,
  parts: Pick<ApiParts, "store" | "remoteWrite" | "registry" | "log" | "clock">,
): void {
  const count = createWriteCount(parts);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addRoute(app, {
    method: "POST",
    path: "/prometheus/api/v1/write",
    surface: "prometheus",
    permission: "ingest",
    tag: "series",
    summary: "Take in samples by Prometheus's remote_write 1.0",
    description:
      "Protocol Buffers packed with Snappy. Bad series and samples out of range are left out and counted, the others " +
      "kept. Staleness markers, metadata, exemplars and native histograms are passed over. Sending the same samples " +
      "again changes nothing. Answered once they are synced to disk.",
    body: Type.Unsafe<Uint8Array>(Type.String({ description: "A WriteRequest" })),
    parseBody: (body) => ({ kind: "ok", value: bytesOf(body) }),
    consumes: ["application/x-protobuf"],
    bodyLimit: settings.importLimitBytes,
    answers: { 204: noContent },
    errorAnswers,
    async handle({ body, request, reply }) {
      checkEncoding(request.headers["content-type"], request.headers["content-encoding"]);
      const { summary, outOfRange } = await storeAll(parts, body);
      count(summary, outOfRange);
      const [fault] = summary.refusedSeries.keys();
      if (fault !== undefined && isEmpty(summary)) {
        const what = parts.remoteWrite.faults[fault] ?? fault;
        throw new AppError("malformed", `No series could be kept: ${what}`);
      }
      return reply.code(204).send();
    },
  });
}

/** Whether there was nothing beside series that cannot be kept. */
function isEmpty({ samples, badTimes, staleMarkers, histograms }: RemoteWriteSummary): boolean {
  return samples + badTimes + staleMarkers + histograms === 0;
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}

/** Throws `unsupported_media_type`, which makes a sender of something newer fall back to what is read here. */
function checkEncoding(type: string | undefined, encoding: string | undefined): void {
  const refuse = (found: string): never => {
    const detail = `expected application/x-protobuf of prometheus.WriteRequest, packed with snappy, found ${found}`;
    throw new AppError("unsupported_media_type", detail);
  };
  const [media = "", ...parameters] = (type ?? "application/x-protobuf")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  if (media !== "application/x-protobuf") refuse(`the content type ${media}`);
  for (const parameter of parameters) {
    const [name, value = ""] = parameter.split("=");
    if (name === "proto" && value.replaceAll('"', "") !== "prometheus.writerequest") {
      refuse(`the message ${value}`);
    }
  }
  if (encoding?.toLowerCase() !== "snappy")
    refuse(`the content encoding ${encoding ?? "identity"}`);
}

async function storeAll(
  { store, remoteWrite }: Pick<ApiParts, "store" | "remoteWrite">,
  body: Uint8Array,
): Promise<{ readonly summary: RemoteWriteSummary; readonly outOfRange: number }> {
  const reading = remoteWrite.read(body);
  let outOfRange = 0;
  for (;;) {
    const step = reading.next();
    if (step.done === true) return { summary: step.value, outOfRange };
    if (step.value.length === 0) await nextTurn();
    else outOfRange += (await store.append(step.value)).refused;
  }
}
