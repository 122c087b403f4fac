/**
 * Delivers in requests that stay below a service's limits. What a service calls invalid is sent again in halves until the
 * items at fault stand alone: only those are refused.
 */
import type { RecordDelivery } from "../../event-sink.ts";
import type { HttpVerdict } from "../http/verdict.ts";

/** What became of a request: of each item, in order, or of all of them. */
export type PartAnswer = readonly RecordDelivery[] | HttpVerdict;

export type SendPart<Item> = (items: readonly Item[], signal: AbortSignal) => Promise<PartAnswer>;

/** What became of each item. After something that is worth waiting for, the rest is not tried and has the same answer. */
export async function deliverInParts<Item>(
  parts: readonly (readonly Item[])[],
  send: SendPart<Item>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Item, RecordDelivery>> {
  const answers = new Map<Item, RecordDelivery>();
  const left = [...parts];
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    const answer = await send(part, signal);
    if (!("kind" in answer)) {
      for (const [i, item] of part.entries()) {
        answers.set(item, answer[i] ?? { kind: "retry", why: "no answer for it" });
      }
    } else if (answer.kind === "sent" || answer.kind === "refused") {
      for (const item of part) answers.set(item, answer);
    } else if (answer.kind === "retry" || answer.kind === "misconfigured") {
      for (const item of [part, ...left].flat()) answers.set(item, answer);
      return answers;
    } else if (part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      left.unshift(part.slice(0, middle), part.slice(middle));
    } else {
      for (const item of part) answers.set(item, { kind: "refused", why: answer.why });
    }
  }
  return answers;
}

/**
 * Items in runs that stay within limits, in order. `createRoom` gives an empty part: it takes an item, or says false when
 * there is no room for it. The first item of a part always goes in.
 */
export function partsWithin<Item>(
  items: readonly Item[],
  createRoom: () => (item: Item) => boolean,
): readonly (readonly Item[])[] {
  const parts: Item[][] = [];
  let part: Item[] = [];
  let hasRoom = createRoom();
  for (const item of items) {
    if (!hasRoom(item) && part.length > 0) {
      parts.push(part);
      part = [];
      hasRoom = createRoom();
      hasRoom(item);
    }
    part.push(item);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
