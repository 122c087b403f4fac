/** What becomes of a notice after an attempt, and who is told instead when it is given up: pure. */
import type { ChannelSettings } from "../model/alert-policy.ts";
import type { Sent } from "../model/channel-kind.ts";
import type { IdMaker } from "../model/id.ts";
import type { Delivery as Attempt, KeptNotice, NewNotice } from "../model/notice.ts";
import type { Signal } from "../model/signal.ts";
import { withoutSignatures } from "../model/signed-links.ts";
import type { ChannelTrouble } from "./line.ts";

/** What could not be delivered for so long is given up, ms. */
export const giveUpMs = 86_400_000;

/** What is written after an attempt; times are epoch ms. */
export interface Settlement {
  readonly id: KeptNotice["notice"]["id"];
  readonly state: KeptNotice["state"];
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly sentAt: number | null;
  readonly why: string | null;
  readonly delivery: Attempt | null;
  readonly instead: readonly NewNotice[];
  readonly signals: readonly Signal[];
}

export interface Attempted {
  readonly kept: KeptNotice;
  readonly attempt: Attempt;
  /** When it ended, epoch ms. */
  readonly now: number;
  /** How long its channel takes nothing, ms. */
  readonly restMs: number;
}

/** When a notice is given up if it is not taken before, epoch ms. */
export function giveUpAt({ createdAt }: KeptNotice): number {
  return createdAt + giveUpMs;
}

/** Without who is told instead, and signals. */
export function settlementOf({ kept, attempt, now, restMs }: Attempted): Settlement {
  const { result } = attempt;
  const isOpen = result === "retry" || result === "misconfigured";
  const isGivenUp = isOpen && now >= giveUpAt(kept);
  const isWaiting = isOpen && !isGivenUp;
  return {
    id: kept.notice.id,
    state: isGivenUp ? "given_up" : isWaiting ? "waiting" : result === "sent" ? "sent" : "refused",
    attempts: attempt.attempt,
    nextAt: isWaiting ? now + Math.ceil(restMs) : null,
    sentAt: result === "sent" ? now : null,
    why: attempt.why,
    delivery: attempt,
    instead: [],
    signals: [],
  };
}

/** A notice whose channel is gone or was switched off. */
export function droppedOf({ notice, attempts }: KeptNotice): Settlement {
  return {
    id: notice.id,
    state: "dropped",
    attempts,
    nextAt: null,
    sentAt: null,
    why: "the channel is gone or switched off",
    delivery: null,
    instead: [],
    signals: [],
  };
}

/** What an attempt looked like, for the log. */
export function attemptOf(
  { notice, attempts }: KeptNotice,
  { result, exchange }: Sent,
  { at, durationMs }: Pick<Attempt, "at" | "durationMs">,
): Attempt {
  return {
    noticeId: notice.id,
    at,
    attempt: attempts + 1,
    result: result.kind,
    why: result.kind === "sent" ? null : withoutSignatures(result.why),
    request: withoutSignatures(exchange.request),
    answer: exchange.answer === null ? null : withoutSignatures(exchange.answer),
    durationMs,
  };
}

/**
 * The same notice for each fallback channel, once its own gave it up or refused it; none for what is a fallback already:
 * what no channel takes is not told in circles.
 */
export function insteadOf(
  { kept, state }: { readonly kept: KeptNotice; readonly state: KeptNotice["state"] },
  from: ChannelSettings,
  channels: readonly ChannelSettings[],
  { createId, now }: { readonly createId: IdMaker; readonly now: number },
): readonly NewNotice[] {
  const { notice, isFallback } = kept;
  if (isFallback || (state !== "given_up" && state !== "refused")) return [];
  const why = state === "refused" ? "refused this" : "could not be told for a day";
  const text = [`${from.name} ${why}.`, notice.text].join("\n").trim();
  return channels
    .filter((one) => one.isFallback && one.enabled && one.id !== from.id)
    .map(({ id }) => ({
      channelId: id,
      route: "fallback",
      isFallback: true,
      notice: { ...notice, id: createId(now), at: now, text },
    }));
}

/** Raises or clears the trouble of a channel; of one that is over only `state` counts. */
export function channelSignal(
  { id, name, kind }: ChannelSettings,
  state: Signal["state"],
  trouble: ChannelTrouble | null,
  now: number,
): Signal {
  return {
    key: `channel_failing:belfry:channel:${id}`,
    state,
    rule: "channel_failing",
    subject: { kind: "belfry", id: `channel:${id}`, name },
    severity: "warning",
    at: state === "raised" ? (trouble?.since ?? now) : now,
    decidedAt: now,
    message: trouble === null ? "" : `notices are not delivered: ${trouble.why}`,
    reason: null,
    evidence: trouble === null ? { kind } : { failure: trouble.failure, kind },
    labels: {},
  };
}
