/**
 * `Idempotency-Key`: a POST repeated with the same key within a day is answered as it was the first time, and nothing
 * is made twice. The key belongs to whoever sent it; with another body it is refused. An answer is kept once the work
 * is done: when Belfry dies in between, a repetition does the work again.
 */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import { principalId } from "./access/permission.ts";
import type { AnswerStore, Log } from "./parts.ts";

export interface Created {
  readonly status: number;
  readonly body: unknown;
}

export interface Idempotency {
  /** Runs `work` unless its answer is known, and gives the answer. */
  run(request: FastifyRequest, reply: FastifyReply, work: () => Promise<Created>): Promise<Created>;
}

const longestKey = 255;

/** Makes the memory of answers. */
export function createIdempotency(store: AnswerStore, clock: Clock, log: Log): Idempotency {
  const underWay = new Set<string>();
  return {
    async run(request, reply, work) {
      const key = request.headers["idempotency-key"];
      if (key === undefined) return work();
      if (typeof key !== "string" || key === "" || key.length > longestKey) {
        throw new AppError("invalid", `Idempotency-Key has 1 to ${longestKey} characters`);
      }
      const principal = principalId(request.principal);
      const requestHash = hashOf(request);
      const place = `${principal}\n${key}`;
      if (underWay.has(place)) {
        throw new AppError("conflict", "A request with this Idempotency-Key is still under way");
      }
      underWay.add(place);
      try {
        const known = await store.rememberedAnswer(principal, key);
        if (known !== undefined) {
          if (known.requestHash !== requestHash) {
            throw new AppError("conflict", "This Idempotency-Key was used for another request");
          }
          reply.header("idempotent-replayed", "true");
          return { status: known.status, body: JSON.parse(known.body) as unknown };
        }
        const { status, body } = await work();
        const answer = { principal, key, requestHash, status, body: JSON.stringify(body) };
        // The work is done: that its answer cannot be kept is no reason to call it failed.
        await store
          .rememberAnswer({ ...answer, at: clock.now() })
          .catch((cause: unknown) => log.error({ err: cause }, "an answer could not be kept"));
        return { status, body };
      } finally {
        underWay.delete(place);
      }
    },
  };
}

function hashOf(request: FastifyRequest): string {
  return createHash("sha256")
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body)}`)
    .digest("hex");
}
