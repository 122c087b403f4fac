/**
 * Anchors are machines that answer whenever Belfry's own network works (a gateway, a name server, the company's site).
 * When a check fails in a way that a dead network of our own would cause as well, they are asked. One that accepts or
 * refuses a connection answers; the answer is kept for a few seconds, so a mass failure asks once.
 */
import { hostAndPort, type Host } from "./address.ts";
import { Deadline } from "./deadline.ts";
import { dial, type DialParts } from "./dial.ts";

export interface Anchors {
  /** How long anchors have to answer, in ms; 0: there are none, and Belfry's network is taken to be fine. */
  readonly limitMs: number;
  /** Whether one of them answers; asks them at most every few seconds. Never rejects. */
  answer(): Promise<boolean>;
  /** As `answer`, but false when it takes longer than `waitMs`. */
  answerWithin(waitMs: number): Promise<boolean>;
}

/** Where an anchor is reached. */
export interface Anchor {
  readonly host: Host;
  readonly port: number;
}

const anchorLimitMs = 500;
const rememberMs = 5_000;

/** Makes anchors of a list; `parts.guard` should let all of it pass, since who runs Belfry chose it. */
export function createAnchors(list: readonly Anchor[], parts: DialParts): Anchors {
  let asked: { readonly atMs: number; readonly answer: Promise<boolean> } | undefined;
  const answer = (): Promise<boolean> => {
    if (list.length === 0) return Promise.resolve(true);
    const now = parts.clock.monotonicMs();
    if (asked === undefined || now - asked.atMs > rememberMs) {
      asked = { atMs: now, answer: anyAnswers(list, parts) };
    }
    return asked.answer;
  };
  return {
    limitMs: list.length === 0 ? 0 : anchorLimitMs,
    answer,
    answerWithin: (waitMs) => within(answer(), waitMs),
  };
}

async function anyAnswers(list: readonly Anchor[], parts: DialParts): Promise<boolean> {
  const stop = new AbortController();
  const context = { signal: stop.signal, timeoutMs: anchorLimitMs };
  try {
    return await Promise.any(
      list.map(async (anchor) => {
        if (await isReachable(anchor, parts, context)) return true;
        throw new Error(`${hostAndPort(anchor.host, anchor.port)} does not answer`);
      }),
    );
  } catch {
    return false;
  } finally {
    stop.abort();
  }
}

async function isReachable(
  anchor: Anchor,
  parts: DialParts,
  context: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<boolean> {
  using deadline = new Deadline(parts.clock, context);
  const report = { resolveMs: 0, connectMs: 0, address: null };
  const dialled = await dial(anchor.host, anchor.port, "any", deadline, parts, report);
  if (dialled.kind === "fault") return dialled.fault.reason === "refused";
  dialled.value.destroy();
  return true;
}

function within(answer: Promise<boolean>, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), waitMs);
    void answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
