/**
 * The way to one server. A fresh sample is posted at once, whatever waits; what could not be posted is kept and posted
 * later, oldest first, one at a time. A server that answers 4xx (but 408 and 429) has refused that sample for good.
 */
import { Backoff } from "../send/backoff.ts";
import type { After } from "../send/timer.ts";
import { bodyOf, type ForwardBuffer } from "./buffer.ts";
import { shownUrl, type Answered, type HttpClient } from "./http.ts";

export interface DeliveryParts {
  readonly client: Pick<HttpClient, "post">;
  readonly buffer: ForwardBuffer;
  readonly monotonicMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly after: After;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** A body on its way. */
export interface Outgoing {
  /** Epoch ms. */
  readonly at: number;
  readonly body: string;
  /** For the log. */
  readonly summary: string;
}

type Result =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "later"; readonly why: string; readonly afterMs: number };

export class Delivery implements AsyncDisposable {
  readonly #url: URL;
  readonly #parts: DeliveryParts;
  readonly #backoff: Backoff;
  #live: Promise<void> | null = null;
  #backlog: Promise<void> | null = null;
  #timer: Disposable | null = null;
  #isClosed = false;
  #refused = 0;

  constructor(url: URL, parts: DeliveryParts) {
    this.#url = url;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.random);
  }

  /** Samples this server has refused for good. */
  get refused(): number {
    return this.#refused;
  }

  /** Posts a fresh sample, or keeps it when the one before is still under way. Never rejects. */
  async offer(outgoing: Outgoing): Promise<void> {
    if (this.#live !== null) return this.#keep(outgoing);
    this.#live = this.#postFresh(outgoing);
    await this.#live;
    this.#live = null;
  }

  /** Begins with what an earlier process left. */
  async resume(): Promise<void> {
    await this.#parts.buffer.ready();
    this.#sendBacklog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#live;
    await this.#backlog;
    await this.#parts.buffer[Symbol.asyncDispose]();
  }

  async #postFresh(outgoing: Outgoing): Promise<void> {
    const { log } = this.#parts;
    const server = shownUrl(this.#url);
    const result = await this.#post(outgoing.body);
    switch (result.kind) {
      case "sent":
        log.info({ server }, `Forwarded metrics: ${outgoing.summary}`);
        this.#backoff.reset();
        this.#sendBacklog();
        return;
      case "refused":
        this.#tellRefused(result.why);
        return;
      case "later":
        await this.#keep(outgoing);
        log.warn(
          { server, error: result.why, kept: this.#parts.buffer.size },
          "Forwarding failed; the sample is kept and sent later",
        );
        this.#waitLonger(result.afterMs);
    }
  }

  async #keep({ at, body }: Outgoing): Promise<void> {
    await this.#parts.buffer.add(at, body);
    this.#sendBacklog();
  }

  #waitLonger(atLeastMs: number): void {
    const { monotonicMs, after } = this.#parts;
    this.#backoff.fail(monotonicMs(), atLeastMs);
    this.#timer?.[Symbol.dispose]();
    if (this.#isClosed) return;
    const ms = Math.max(0, this.#backoff.until - monotonicMs());
    this.#timer = after(ms, () => this.#sendBacklog());
  }

  #sendBacklog(): void {
    const { buffer, monotonicMs } = this.#parts;
    const mayTry = !this.#isClosed && monotonicMs() >= this.#backoff.until;
    if (this.#backlog !== null || !mayTry || buffer.size === 0) return;
    this.#backlog = this.#drain().finally(() => {
      this.#backlog = null;
    });
  }

  async #drain(): Promise<void> {
    const { buffer, log } = this.#parts;
    let sent = 0;
    for (
      let kept = buffer.oldest();
      kept !== undefined && !this.#isClosed;
      kept = buffer.oldest()
    ) {
      const result = await this.#post(bodyOf(kept));
      if (result.kind === "later") {
        this.#waitLonger(result.afterMs);
        break;
      }
      if (result.kind === "refused") this.#tellRefused(result.why);
      else sent += 1;
      this.#backoff.reset();
      await buffer.remove(kept);
    }
    if (sent > 0) {
      const fields = { server: shownUrl(this.#url), sent, kept: buffer.size };
      log.info(fields, "Forwarded metrics that were kept");
    }
  }

  async #post(body: string): Promise<Result> {
    try {
      return judge(await this.#parts.client.post(this.#url, body));
    } catch (error) {
      return {
        kind: "later",
        why: error instanceof Error ? error.message : String(error),
        afterMs: 0,
      };
    }
  }

  #tellRefused(why: string): void {
    this.#refused += 1;
    this.#parts.log.warn(
      { server: shownUrl(this.#url), error: why, refused: this.#refused },
      "The server refused a sample; it is not sent again",
    );
  }
}

function judge({ status, retryAfterMs, body }: Answered): Result {
  if (status >= 200 && status < 300) return { kind: "sent" };
  const why = `status ${status}: ${body.replaceAll(/\s+/g, " ").slice(0, 200)}`;
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isFinal ? { kind: "refused", why } : { kind: "later", why, afterMs: retryAfterMs };
}
