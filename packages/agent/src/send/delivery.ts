/**
 * Hands one run of samples to one hub: encoded, compressed, with the list of series when the hub does not know it, in
 * halves when it is too much for one request. Says what became of it; what to do then is the caller's.
 */
import { encodeBatch } from "@belfry/contract/sample-batch";
import type { BatchHost, HostDetails } from "@belfry/contract";
import { judgeAnswer, judgeFault, type Counted, type FailureKind, type Verdict } from "./answer.ts";
import type { HubClient } from "./hub-client.ts";
import { splitRun, type Run } from "./run.ts";
import type { After } from "./timer.ts";

export interface DeliveryParts {
  readonly client: Pick<HubClient, "post">;
  /** Compresses with zstd. */
  readonly pack: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly after: After;
  /** Who sends, as it is now; `sent_at` is added. */
  readonly host: () => Omit<BatchHost, "sent_at">;
  /** Told of samples that were refused for good, with the bytes of their batch. */
  readonly onRefused: (run: Run, batch: Uint8Array, why: string) => void;
  /** Told that the details were refused; the samples they came with were sent without them. */
  readonly onDetailsRefused: (why: string) => void;
}

export type Delivered =
  | {
      readonly kind: "sent";
      readonly samples: number;
      readonly answer: Counted;
      /** The hub had forgotten the list of series: it may have forgotten the details too. */
      readonly wasForgotten: boolean;
    }
  | {
      readonly kind: FailureKind;
      readonly why: string;
      readonly retryAfterMs: number;
      readonly isWhole: boolean;
    };

/** A request takes at most this long. */
const requestMs = 30_000;
/** Instants in a request. */
export const mostTimes = 120;
/** Lists the hub is thought to know. */
const mostKnownLists = 64;

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #known = new Set<string>();
  /** Instants the hub takes at once; less after it found a batch too large. */
  #mostTimes = mostTimes;
  readonly #underWay = new Set<AbortController>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Sends a run, in as many requests as it takes. Once one fails, the rest of it is not tried. */
  async send(run: Run, details: HostDetails | null): Promise<Delivered> {
    let answer: Counted = { accepted: 0, refused: 0, series_refused: 0 };
    let samples = 0;
    let wasForgotten = false;
    let refused: Delivered | undefined;
    for (const piece of splitRun(run, this.#mostTimes)) {
      const outcome = await this.#sendPiece(piece, samples === 0 ? details : null);
      if (outcome.kind === "refused") {
        refused = outcome;
      } else if (outcome.kind === "sent") {
        samples += outcome.samples;
        answer = added(answer, outcome.answer);
        wasForgotten ||= outcome.wasForgotten;
      } else {
        return outcome;
      }
    }
    if (samples === 0 && refused !== undefined) return refused;
    return { kind: "sent", samples, answer, wasForgotten };
  }

  /** Gives up the requests that are under way. */
  abort(reason: Error): void {
    for (const request of this.#underWay) request.abort(reason);
  }

  async #sendPiece(run: Run, details: HostDetails | null): Promise<Delivered> {
    const { hash } = run.list;
    let withList = !this.#known.has(hash);
    let wasForgotten = false;
    let posted = await this.#post(run, withList, details);
    if (posted.verdict.kind === "unknown_series" && !withList) {
      this.#known.delete(hash);
      withList = wasForgotten = true;
      posted = await this.#post(run, withList, details);
    }
    const { verdict, batch } = posted;
    switch (verdict.kind) {
      case "sent":
        if (withList) this.#remember(hash);
        return {
          kind: "sent",
          samples: run.times.length,
          answer: verdict.answer,
          wasForgotten,
        };
      case "unknown_series": {
        const why = "the hub asks for the list of series that came with the samples";
        return { kind: "outage", why, retryAfterMs: 0, isWhole: false };
      }
      case "too_large":
        return this.#sendLess(run, details, batch);
      case "refused":
        if (details !== null) return this.#sendWithoutDetails(run, verdict.why);
        this.#parts.onRefused(run, batch, verdict.why);
        return verdict;
      case "outage":
      case "throttled":
      case "misconfigured":
        return verdict;
    }
  }

  /** Samples are not lost for what came with them. */
  async #sendWithoutDetails(run: Run, why: string): Promise<Delivered> {
    const outcome = await this.#sendPiece(run, null);
    if (outcome.kind === "sent") this.#parts.onDetailsRefused(why);
    return outcome;
  }

  /** The same without the details, then in halves. One instant that is still too much is refused. */
  async #sendLess(run: Run, details: HostDetails | null, batch: Uint8Array): Promise<Delivered> {
    if (details !== null) return this.#sendWithoutDetails(run, "413: too large");
    if (run.times.length > 1) {
      this.#mostTimes = Math.ceil(run.times.length / 2);
      return this.send(run, null);
    }
    const why = "413: one sample alone is larger than the hub takes";
    this.#parts.onRefused(run, batch, why);
    return { kind: "refused", why, retryAfterMs: 0, isWhole: false };
  }

  async #post(
    run: Run,
    withList: boolean,
    details: HostDetails | null,
  ): Promise<{ readonly verdict: Verdict; readonly batch: Uint8Array }> {
    const { client, pack, now, after, host } = this.#parts;
    const { list, times, values, present } = run;
    const batch = encodeBatch({
      host: { ...host(), sent_at: now() },
      seriesHash: list.hash,
      series: withList ? list.series : null,
      seriesCount: list.series.length,
      times,
      values,
      ...(present === undefined ? {} : { present }),
      details,
    });
    const request = new AbortController();
    using _timer = after(requestMs, () => request.abort(new Error("no answer within 30 s")));
    this.#underWay.add(request);
    try {
      const answer = await client.post(await pack(batch), request.signal);
      return { verdict: judgeAnswer(answer, now()), batch };
    } catch (error) {
      // Node gives its own error for an abort; the reason says what it was for.
      return { verdict: judgeFault(request.signal.aborted ? request.signal.reason : error), batch };
    } finally {
      this.#underWay.delete(request);
    }
  }

  #remember(hash: string): void {
    if (this.#known.size >= mostKnownLists) {
      for (const oldest of [...this.#known].slice(0, mostKnownLists / 2))
        this.#known.delete(oldest);
    }
    this.#known.add(hash);
  }
}

function added(a: Counted, b: Counted): Counted {
  return {
    accepted: a.accepted + b.accepted,
    refused: a.refused + b.refused,
    series_refused: Math.max(a.series_refused, b.series_refused),
  };
}
