/** Counts what became of samples for one hub, and tells it: each new trouble once, and once when it is over. */
import type { Counted, FailureKind } from "./answer.ts";
import type { Delivered } from "./delivery.ts";
import type { HubStats, SenderLog } from "./settings.ts";
import type { SpoolStats } from "./spool.ts";

const messages = {
  outage: "the hub does not take samples; they are kept, and sent when it does",
  throttled: "the hub asks to wait; samples are kept meanwhile",
  misconfigured:
    "the hub takes nothing from this agent until its address, key or certificate is put right; samples are kept",
  refused: "the hub refused samples for good; they were set aside",
} as const satisfies Record<FailureKind, string>;

export class HubStatus {
  readonly #url: string;
  readonly #now: () => number;
  readonly #log: SenderLog;
  readonly #failed: Record<FailureKind, number> = {
    outage: 0,
    throttled: 0,
    misconfigured: 0,
    refused: 0,
  };
  #sent = 0;
  #refused = 0;
  #lastError: HubStats["lastError"] = null;
  #lastAnswer: HubStats["lastAnswer"] = null;
  /** What was told last; null: all is well. */
  #told: FailureKind | null = null;
  #toldCounts = "0 0";
  #toldDetails = "";

  constructor(url: string, parts: { readonly now: () => number; readonly log: SenderLog }) {
    this.#url = url;
    this.#now = parts.now;
    this.#log = parts.log;
  }

  note(outcome: Delivered): void {
    if (outcome.kind === "sent") {
      this.#sent += outcome.samples;
      this.#lastAnswer = { at: this.#now(), ...outcome.answer };
      if (this.#told !== null) this.#log.info({ hub: this.#url }, "the hub takes samples again");
      this.#told = null;
      this.#tellCounts(outcome.answer);
      return;
    }
    const { kind, why } = outcome;
    this.#failed[kind] += 1;
    this.#lastError = { at: this.#now(), kind, message: why };
    // What was refused is told batch by batch, with where it is kept.
    if (kind === "refused" || this.#told === kind) return;
    this.#told = kind;
    this.#log.warn({ hub: this.#url, error: why }, messages[kind]);
  }

  /** Samples were set aside. */
  refused(samples: number, why: string, keptIn: string | null): void {
    this.#refused += samples;
    this.#log.warn({ hub: this.#url, error: why, samples, keptIn }, messages.refused);
  }

  /** The hub took samples, but not the details with them. */
  detailsRefused(why: string): void {
    if (why === this.#toldDetails) return;
    this.#toldDetails = why;
    this.#log.warn({ hub: this.#url, error: why }, "the hub refused the details of this host");
  }

  stats(
    spool: SpoolStats,
    { fresh, isSending }: { readonly fresh: number; readonly isSending: boolean },
  ): HubStats {
    return {
      url: this.#url,
      sent: this.#sent,
      failed: { ...this.#failed },
      refused: this.#refused,
      spooled: spool.samples,
      spooledInMemory: spool.inMemory,
      spooledBytes: spool.bytes,
      fresh,
      isSending,
      oldestAgeSeconds:
        spool.oldestAt === null ? null : Math.max(0, (this.#now() - spool.oldestAt) / 1000),
      dropped: spool.dropped,
      damaged: spool.damaged,
      diskFault: spool.fault,
      lastError: this.#lastError,
      lastAnswer: this.#lastAnswer,
    };
  }

  /** A hub that takes a batch but not all of it says how much; the same again is not told again. */
  #tellCounts({ refused, series_refused: seriesRefused }: Counted): void {
    const counts = `${refused > 0 ? 1 : 0} ${seriesRefused}`;
    if (counts === this.#toldCounts) return;
    this.#toldCounts = counts;
    if (refused === 0 && seriesRefused === 0) return;
    this.#log.warn(
      { hub: this.#url, refused, seriesRefused },
      "the hub does not keep all of the samples: too old, too far ahead, or too many series",
    );
  }
}
