/**
 * Sends values and finds out which of them were refused. The server says only how many: "processed: 249; failed: 1". Where
 * some but not all were, halves are sent again until the ones at fault stand alone. What was processed before then arrives
 * again with the time it had, and Zabbix keeps it once.
 */
import type { Reply } from "./exchange.ts";
import type { Stamp } from "./stamp.ts";

export interface SentValue extends Stamp {
  readonly host: string;
  readonly key: string;
  readonly value: string;
}

export type ValueVerdict =
  | { readonly kind: "processed" }
  | { readonly kind: "refused"; readonly why: string }
  /** It was not tried, or nobody knows what became of it. */
  | { readonly kind: "failed"; readonly why: string; readonly isSetting: boolean };

export type Ask = (text: string) => Promise<Reply>;

/** One verdict for each value, in order, `most` values to a message. After a failure the rest is not tried. */
export async function sendValues(
  values: readonly SentValue[],
  { ask, most, now }: { readonly ask: Ask; readonly most: number; readonly now: () => number },
): Promise<readonly ValueVerdict[]> {
  const verdicts: ValueVerdict[] = [];
  while (verdicts.length < values.length) {
    const chunk = values.slice(verdicts.length, verdicts.length + most);
    verdicts.push(...(await bisect(chunk, (part) => send(part, ask, now()))));
    const last = verdicts.at(-1);
    if (last?.kind === "failed") {
      return [...verdicts, ...values.slice(verdicts.length).map(() => last)];
    }
  }
  return verdicts;
}

type Counted =
  | { readonly kind: "counted"; readonly refused: number }
  /** It did not take the message at all: any value of it may be why. */
  | { readonly kind: "rejected"; readonly why: string }
  | Extract<ValueVerdict, { kind: "failed" }>;

async function bisect(
  values: readonly SentValue[],
  count: (values: readonly SentValue[]) => Promise<Counted>,
): Promise<readonly ValueVerdict[]> {
  const answer = await count(values);
  if (answer.kind === "failed") return values.map(() => answer);
  if (answer.kind === "counted") {
    if (answer.refused === 0) return values.map(() => ({ kind: "processed" }));
    if (answer.refused >= values.length) return values.map(() => ({ kind: "refused", why: "" }));
  } else if (values.length === 1) {
    return [{ kind: "refused", why: answer.why }];
  }
  const middle = Math.ceil(values.length / 2);
  const first = await bisect(values.slice(0, middle), count);
  const rest = values.slice(middle);
  const last = first.at(-1);
  if (last?.kind === "failed") return [...first, ...rest.map(() => last)];
  // Counted anew even where the first half had as many refusals as the whole: items come and go between two messages, and
  // nothing is called processed that was not.
  return [...first, ...(await bisect(rest, count))];
}

async function send(values: readonly SentValue[], ask: Ask, now: number): Promise<Counted> {
  const ms = now % 1000;
  const reply = await ask(
    JSON.stringify({
      request: "sender data",
      data: values,
      clock: Math.floor(now / 1000),
      ns: Math.floor(ms * 1_000_000),
    }),
  );
  return reply.kind === "failed" ? reply : countOf(reply.text, values.length);
}

/**
 * Reads a reply. Values that are in neither count (of a time it cannot keep, for one) were dropped, and are refused.
 */
export function countOf(text: string, sent: number): Counted {
  const said = readReply(text);
  if (said === undefined) {
    return {
      kind: "failed",
      why: "its reply is not the one of a Zabbix trapper",
      isSetting: false,
    };
  }
  const { response, info } = said;
  if (response !== "success") return { kind: "rejected", why: `it answered ${response}: ${info}` };
  const found = /processed:?\s+(\d+);?\s+failed:?\s+(\d+)/i.exec(info);
  if (found === null) {
    return { kind: "failed", why: `its reply counts nothing: ${info}`, isSetting: false };
  }
  const processed = Number(found[1]);
  return { kind: "counted", refused: Math.max(0, sent - processed) };
}

function readReply(text: string): { readonly response: string; readonly info: string } | undefined {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof reply !== "object" || reply === null || !("response" in reply)) return undefined;
  const { response } = reply;
  if (typeof response !== "string") return undefined;
  const info = "info" in reply && typeof reply.info === "string" ? reply.info : "";
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const line = info.replace(/[\u0000-\u001f\u007f]+/g, " ");
  return { response: response.slice(0, 50), info: line.slice(0, 200) };
}
