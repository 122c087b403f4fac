/**
 * `POST /api/v1/host-samples`: where agents send. The body is a batch (`sample-batch.md` beside the contract has its
 * bytes), packed with zstd or gzip or not at all. Answered once its samples are synced to disk.
 */
import {
  HostDetailsSchema,
  HostSamplesAnswerSchema,
  batchLimits,
  createParser,
  decodeBatch,
  ok,
  sampleBatchType,
  type HostSamplesAnswer,
  type SampleBatch,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { unpack } from "./unpack.ts";

/** Largest body as it is sent, in bytes. */
const bodyLimitBytes = 8 * 1024 * 1024;
/** When to try again where Belfry cannot store at the moment, in seconds. */
const retryAfterSeconds = 5;

const parseDetails = createParser(HostDetailsSchema);

/** Registers the route, in a scope of its own: its bodies are bytes. */
export function addHostSamplesRoute(app: FastifyInstance, parts: Pick<ApiParts, "hosts">): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(sampleBatchType, { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  addRoute(app, {
    method: "POST",
    path: "/api/v1/host-samples",
    permission: "ingest",
    tag: "hosts",
    summary: "Send samples of a host",
    description:
      "A batch as `belfry agent` makes it, with `content-encoding` zstd, gzip or none. Makes the host when it is new. The " +
      "same samples again change nothing. 409 `unknown_series`: send the batch again with its list of series.",
    body: Type.String({ format: "binary" }),
    parseBody: (body) => ok(body as never),
    consumes: [sampleBatchType],
    bodyLimit: bodyLimitBytes,
    answers: { 200: { description: "They are stored", schema: HostSamplesAnswerSchema } },
    errors: ["unknown_series"],
    rateLimit: false,
    async handle({ request, reply }): Promise<HostSamplesAnswer> {
      const batch = await readBatch(request.body, request.headers["content-encoding"]);
      const received = await parts.hosts.receiveBatch(batch).catch((error: unknown) => {
        const isAway = error instanceof AppError && error.code === "unavailable";
        if (isAway) reply.header("retry-after", retryAfterSeconds);
        throw error;
      });
      if (received.kind === "unknown_series") {
        throw new AppError("unknown_series", `There is no list ${batch.seriesHash}`);
      }
      return {
        host_id: received.hostId,
        accepted: received.accepted,
        refused: received.refused,
        series_refused: received.seriesRefused,
      };
    },
  });
}

async function readBatch(body: unknown, encoding: string | undefined): Promise<SampleBatch> {
  if (!Buffer.isBuffer(body)) throw new AppError("malformed", "The body is empty");
  const bytes = await unpack(body, encoding, batchLimits.maxBytes);
  const decoded = decodeBatch(bytes, batchLimits);
  if (decoded.kind === "bad") throw misfit({ path: "", message: decoded.message });
  const { details, ...batch } = decoded.value;
  if (details === null) return { ...batch, details };
  const parsed = parseDetails(details, "details");
  if (parsed.kind === "bad") throw misfit(...parsed.problems);
  return { ...batch, details: parsed.value };
}

function misfit(...problems: AppError["problems"]): AppError {
  return new AppError("invalid", "The batch does not fit", { problems });
}
