/**
 * From what a client sent to events: every dialect of the Monitoring Component is read into the one form of
 * `packages/contract/src/job-event.ts`.
 *
 * | dialect | body                                                                    | file        |
 * | ------- | ----------------------------------------------------------------------- | ----------- |
 * | A       | one nested event, or a list of them                                     | `nested.ts` |
 * | B       | the same without `idempotency_key`, times in other forms                | `nested.ts` |
 * | C       | `{"events": [ … ]}`                                                      | here        |
 * | D       | one flat event; numbers, words in upper case, camelCase, `[]` for a map | `flat.ts`   |
 *
 * An item of a list may be of any dialect. Keys nobody knows are left out. Inner objects may be empty but for `entity.id`
 * and `event.kind`: an event that lacks them says nothing of any run. Nothing here throws, whatever the body is.
 */
import type { JobEvent, Problem } from "@belfry/contract";
import type { EventLimits } from "./content.ts";
import type { Draft } from "./draft.ts";
import { isFields, Problems } from "./field.ts";
import { isFlat, readFlat } from "./flat.ts";
import { KeyMaker } from "./key.ts";
import { readNested } from "./nested.ts";

/** How much one request may hold. */
export interface ReadLimits extends EventLimits {
  /** Events of one request. Default 10,000. */
  readonly maxEvents: number;
}

/** What holds where nothing is said. */
export const readLimits: ReadLimits = {
  maxEvents: 10_000,
  maxEventBytes: 256 * 1024,
  maxDepth: 16,
  maxMetrics: 500,
};

export interface ReadContext {
  /** When the request came, epoch ms. */
  readonly now: number;
  /** Makes a key that nobody else has. */
  readonly random: () => string;
  /** Default `readLimits`. */
  readonly limits?: Partial<ReadLimits>;
  /** Changes an event before its size is looked at: redaction. */
  readonly redact?: (event: JobEvent) => JobEvent;
}

/** One thing wrong with one item. `index` is −1 when it is the body as a whole. */
export interface RefusedItem extends Problem {
  readonly index: number;
}

export interface ReadEvents {
  readonly taken: readonly JobEvent[];
  /** Each of `taken` as JSON: what is to be stored. */
  readonly texts: readonly string[];
  /** For each of `taken` its place in the body. */
  readonly places: readonly number[];
  readonly refused: readonly RefusedItem[];
  /** Items of the body. */
  readonly total: number;
  /** Whether the body was one event, and no list. */
  readonly isSingle: boolean;
}

/** Reads a parsed JSON body. */
export function readEvents(body: unknown, context: ReadContext): ReadEvents {
  const limits = { ...readLimits, ...context.limits };
  const list = listOf(body);
  if (list === undefined) return refusedWhole(body);
  const { items, isSingle } = list;
  if (items.length > limits.maxEvents) {
    const message = `expected at most ${limits.maxEvents} events, found ${items.length}`;
    const refused = [{ index: -1, path: "", message }];
    return { taken: [], texts: [], places: [], refused, total: items.length, isSingle };
  }
  const keys = new KeyMaker(context.random);
  const reading = { ...context, limits, receivedAt: new Date(context.now).toISOString() };
  const taken: JobEvent[] = [];
  const texts: string[] = [];
  const places: number[] = [];
  const refused: RefusedItem[] = [];
  // A list with holes is read as one with nothing in them.
  for (let index = 0; index < items.length; index += 1) {
    const problems = new Problems();
    const read = readEvent(items[index], problems, keys, reading);
    if (read === undefined) {
      for (const problem of problems.found) refused.push({ index, ...problem });
    } else {
      taken.push(read.event);
      texts.push(read.text);
      places.push(index);
    }
  }
  return { taken, texts, places, refused, total: items.length, isSingle };
}

function listOf(
  body: unknown,
): { readonly items: readonly unknown[]; readonly isSingle: boolean } | undefined {
  if (Array.isArray(body)) return { items: body, isSingle: false };
  if (!isFields(body)) return undefined;
  const { events } = body;
  if (Array.isArray(events)) return { items: events, isSingle: false };
  return { items: [body], isSingle: true };
}

function refusedWhole(body: unknown): ReadEvents {
  const problems = new Problems();
  problems.expected(
    "",
    "an event, a list of events, or an object with a list of events",
    body ?? null,
  );
  const refused = problems.found.map((problem) => ({ index: -1, ...problem }));
  return { taken: [], texts: [], places: [], refused, total: 0, isSingle: true };
}

interface Reading extends ReadContext {
  readonly limits: ReadLimits;
  readonly receivedAt: string;
}

function readEvent(
  item: unknown,
  problems: Problems,
  keys: KeyMaker,
  { limits, now, receivedAt, redact }: Reading,
): { readonly event: JobEvent; readonly text: string } | undefined {
  if (!isFields(item)) {
    problems.expected("", "an object", item ?? null);
    return undefined;
  }
  const draft = isFlat(item)
    ? readFlat(item, problems, limits, now)
    : readNested(item, problems, limits, now);
  if (problems.found.length > 0) return undefined;
  const event = eventOf(draft, keys.keyOf(draft), receivedAt);
  const kept = redact === undefined ? event : redact(event);
  const text = JSON.stringify(kept);
  const size = Buffer.byteLength(text);
  if (size <= limits.maxEventBytes) return { event: kept, text };
  problems.add("", `expected an event of at most ${limits.maxEventBytes} bytes, found ${size}`);
  return undefined;
}

function eventOf(draft: Draft, key: string, received_at: string): JobEvent {
  const { site_id, app, entity, event, trace } = draft;
  // Two literals and no spread: this runs for every event.
  return trace === undefined
    ? { idempotency_key: key, site_id, app, entity, event, received_at }
    : { idempotency_key: key, site_id, app, entity, event, trace, received_at };
}
