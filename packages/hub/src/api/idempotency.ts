/**
 * `Idempotency-Key`: a POST repeated with the same key within a day is answered as it was the first time, and nothing
 * is made twice. The key belongs to whoever sent it; with another body it is refused. An answer is kept once the work
 * is done: when Belfry dies in between, a repetition does the work again, where there are several hubs after a minute:
 * before that nobody knows whether the other one is about to answer.
 */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import type { ClaimStore } from "./access/other-hubs.ts";
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

/** What the memory of answers works with; `claims` is null where this hub is alone. */
export interface IdempotencyParts {
  readonly clock: Clock;
  readonly store: AnswerStore;
  readonly log: Log;
  readonly otherHubs: { readonly claims: ClaimStore | null };
}

/** Makes the memory of answers. */
export function createIdempotency({ store, clock, log, otherHubs }: IdempotencyParts): Idempotency {
  const underWay = new Set<string>();
  const { claims } = otherHubs;
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
      if (underWay.has(place)) throw stillUnderWay();
      underWay.add(place);
      try {
        const known = await answerOf(principal, key, requestHash);
        if (known === undefined) return await answer({ principal, key, requestHash }, work);
        reply.header("idempotent-replayed", "true");
        return known;
      } finally {
        underWay.delete(place);
      }
    },
  };

  /** The answer that is known; undefined: this hub is to give it. */
  async function answerOf(
    principal: string,
    key: string,
    requestHash: string,
  ): Promise<Created | undefined> {
    let known = await store.rememberedAnswer(principal, key);
    if (known === undefined) {
      const claim = { principal, key, requestHash, at: clock.now() };
      if (claims === null || (await claims.claimAnswer(claim))) return undefined;
      known = await store.rememberedAnswer(principal, key);
      if (known === undefined) throw stillUnderWay();
    }
    if (known.requestHash !== requestHash) {
      throw new AppError("conflict", "This Idempotency-Key was used for another request");
    }
    return { status: known.status, body: JSON.parse(known.body) as unknown };
  }

  async function answer(
    request: { readonly principal: string; readonly key: string; readonly requestHash: string },
    work: () => Promise<Created>,
  ): Promise<Created> {
    let done: Created;
    try {
      done = await work();
    } catch (error) {
      // A claim that stays is over after a minute.
      await claims?.releaseAnswer(request.principal, request.key).catch(() => undefined);
      throw error;
    }
    const { status, body } = done;
    // The work is done: that its answer cannot be kept is no reason to call it failed.
    await store
      .rememberAnswer({ ...request, status, body: JSON.stringify(body), at: clock.now() })
      .catch((cause: unknown) => log.error({ err: cause }, "an answer could not be kept"));
    return done;
  }
}

function stillUnderWay(): AppError {
  return new AppError("conflict", "A request with this Idempotency-Key is still under way");
}

function hashOf(request: FastifyRequest): string {
  return createHash("sha256")
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body)}`)
    .digest("hex");
}
