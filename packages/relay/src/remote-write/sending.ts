/**
 * Samples of a window to one destination: dealt out to a few lots that are sent side by side, each lot request after
 * request, until every sample was taken or given up:
 *
 * | answer                        | what happens                                                            |
 * | ----------------------------- | ----------------------------------------------------------------------- |
 * | `sent`                        | counted                                                                 |
 * | `late`, `too_old`, `refused`  | of smaller pieces those at fault are found, given up and counted        |
 * | `too_large`                   | sent in halves                                                          |
 * | `retry`                       | again after `afterMs` where it was said, else after a growing wait      |
 * | `misconfigured`               | again once a minute: nothing is given up                                |
 *
 * A series is in one lot, so its samples arrive in order. What is known to be late is not sent (see `series-times.ts`).
 */
import { waitMs } from "../delivery/back-off.ts";
import type { Answer, RefusalKind } from "./answer.ts";
import type { LabelTable } from "./label-table.ts";
import {
  countSamples,
  cutIntoRequests,
  dealOut,
  encodeBody,
  groupBySeries,
  halve,
  type Columns,
  type SeriesPart,
} from "./request.ts";
import { SeriesTimes } from "./series-times.ts";
import type { RemoteWriteSettings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** Why an attempt took nothing, or not all. */
export type SendFailure = "outage" | "throttled" | "misconfigured" | "poison";

export interface SendingParts {
  readonly settings: RemoteWriteSettings;
  readonly writer: Pick<Writer, "write">;
  readonly clock: { readonly monotonicMs: () => number };
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told of each attempt that failed, with the samples of its request. */
  readonly onFailure: (failure: SendFailure, why: string, samples: number) => void;
}

export interface SendCounts {
  /** Samples that were taken. */
  readonly sent: number;
  /** Bytes of the bodies that were taken, as they were sent. */
  readonly bytes: number;
  readonly requests: number;
  readonly dropped: Readonly<Record<RefusalKind, number>>;
}

/** Requests that may be spent on finding those at fault in a request; the rest of it is given up then. */
const mostProbes = 64;
const misconfiguredMs = 60_000;

interface Window {
  readonly columns: Columns;
  readonly table: LabelTable;
  readonly signal: AbortSignal;
  /** It was under way when a former process ended: a request that is late was taken then. */
  readonly isReplay: boolean;
}

/** Sends windows, one at a time. */
export class Sending {
  readonly #parts: SendingParts;
  readonly #times = new SeriesTimes();
  readonly #dropped = { late: 0, too_old: 0, refused: 0 };
  #sent = 0;
  #bytes = 0;
  #requests = 0;

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  get counts(): SendCounts {
    return {
      sent: this.#sent,
      bytes: this.#bytes,
      requests: this.#requests,
      dropped: { ...this.#dropped },
    };
  }

  /** Numbers mean something else from now on. */
  forgetSeries(): void {
    this.#times.clear();
  }

  /** Resolves when every sample that is wanted was taken or given up; rejects when the signal aborts before. */
  async send(window: Window): Promise<void> {
    const { maxShards, maxSamplesPerSend: most } = this.#parts.settings;
    const series = groupBySeries(window.columns, (ref) => window.table.isWanted(ref) === true);
    const requests = Math.ceil(countSamples(series) / most);
    const lots = dealOut(series, Math.min(maxShards, requests));
    const done = await Promise.allSettled(lots.map((lot) => this.#sendLot(lot, window)));
    for (const one of done) if (one.status === "rejected") throw one.reason;
  }

  async #sendLot(lot: readonly SeriesPart[], window: Window): Promise<void> {
    for (const request of cutIntoRequests(lot, this.#parts.settings.maxSamplesPerSend)) {
      await this.#settle(request, window, { left: mostProbes });
    }
  }

  async #settle(
    all: readonly SeriesPart[],
    window: Window,
    probes: { left: number },
  ): Promise<void> {
    const series = this.#withoutLate(all, window);
    if (series.length === 0) return;
    const answer = await this.#ask(series, window);
    if (answer.kind === "sent") return;
    if (answer.kind === "late" && window.isReplay) return this.#giveUp(series, answer);
    if (answer.kind === "late") this.#times.refusedLate(this.#parts.clock.monotonicMs());
    // What the answer taught may explain it.
    const left = this.#withoutLate(series, window);
    if (left !== series) return this.#settle(left, window, probes);
    const halves = probes.left > 0 || answer.kind === "too_large" ? halve(series) : undefined;
    if (halves === undefined) return this.#giveUp(series, answer);
    for (const half of halves) {
      probes.left -= 1;
      await this.#settle(half, window, probes);
    }
  }

  #withoutLate(series: readonly SeriesPart[], { columns }: Window): readonly SeriesPart[] {
    const now = this.#parts.clock.monotonicMs();
    const left = this.#times.withoutLate(series, columns.times, now);
    if (left !== series) this.#dropped.late += countSamples(series) - countSamples(left);
    return left;
  }

  #giveUp(series: readonly SeriesPart[], { kind, why }: Refusal): void {
    const samples = countSamples(series);
    const reason = kind === "too_large" ? "refused" : kind;
    this.#dropped[reason] += samples;
    if (reason === "refused") this.#parts.onFailure("poison", why, samples);
  }

  /** Asks until there is an answer about the samples. */
  async #ask(series: readonly SeriesPart[], window: Window): Promise<Refusal | { kind: "sent" }> {
    const { settings, writer, random, sleep, onFailure } = this.#parts;
    const body = encodeBody(series, window.columns, window.table);
    const waits = {
      firstMs: settings.minBackoffMs,
      longestMs: settings.maxBackoffMs,
      misconfiguredMs,
    };
    for (let failures = 1; ; failures += 1) {
      window.signal.throwIfAborted();
      this.#requests += 1;
      const answer = await writer.write(body, window.signal);
      if (answer.kind === "sent") {
        this.#sent += countSamples(series);
        this.#bytes += body.length;
        this.#times.taken(series, window.columns.times);
        return answer;
      }
      if (answer.kind !== "retry" && answer.kind !== "misconfigured") return answer;
      window.signal.throwIfAborted();
      onFailure(failureOf(answer), answer.why, countSamples(series));
      const afterMs = answer.kind === "retry" ? answer.afterMs : undefined;
      const ms =
        answer.kind === "misconfigured"
          ? misconfiguredMs
          : waitMs({ failures, afterMs }, waits, random);
      await sleep(ms, window.signal);
    }
  }
}

type Refusal = Extract<Answer, { readonly kind: RefusalKind | "too_large" }>;

function failureOf(answer: Extract<Answer, { kind: "retry" | "misconfigured" }>): SendFailure {
  if (answer.kind === "misconfigured") return "misconfigured";
  return answer.afterMs === undefined ? "outage" : "throttled";
}
