/** Requests to a hub: with the key, packed as long as the destination understands it. */
import type { EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { JobRecord } from "../../sink-record.ts";
import type { HttpClient, HttpOutcome } from "../http/http-client.ts";
import { pack, type Packing } from "../http/pack.ts";
import { verdictOf, type HttpVerdict } from "../http/verdict.ts";

/** Sends events of jobs; one delivery for each, in order. */
export type SendEvents = (
  records: readonly JobRecord[],
  signal: AbortSignal,
) => Promise<readonly RecordDelivery[]>;

export interface Requests {
  /** Posts JSON below the base. */
  post(path: string, text: string, signal: AbortSignal): Promise<HttpOutcome>;
  /** What an outcome means where nothing else is known of it. */
  verdict(outcome: HttpOutcome): HttpVerdict;
}

export interface RequestsParts {
  readonly client: HttpClient;
  readonly now: () => number;
  readonly log: EventSinkParts["log"];
}

/** Makes them. */
export function createRequests(
  {
    base,
    key,
    packing,
  }: { readonly base: string; readonly key: string | undefined; readonly packing: Packing },
  { client, now, log }: RequestsParts,
): Requests {
  let used = packing;
  const secrets = key === undefined ? [] : [key];
  const own = {
    "content-type": "application/json",
    accept: "application/json",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };

  async function post(path: string, text: string, signal: AbortSignal): Promise<HttpOutcome> {
    const url = base + path;
    const { body, headers } = await pack(text, used);
    const sent = { method: "POST", url, headers: { ...own, ...headers }, body };
    const outcome = await client.send(sent, signal);
    // FastAPI answers 400 to bytes it cannot read; what we send is JSON, so it is the packing that was not understood.
    if (used === "none" || outcome.kind === "failed" || ![400, 415].includes(outcome.status)) {
      return outcome;
    }
    const plain = await client.send({ method: "POST", url, headers: own, body: text }, signal);
    if (plain.kind === "answer" && plain.status < 300) {
      log.info(
        { packing: used },
        "the destination does not unpack: it gets plain bodies from now on",
      );
      used = "none";
    }
    return plain;
  }

  return { post, verdict: (outcome) => verdictOf(outcome, { now: now(), secrets }) };
}

/** The events of records as a JSON list. */
export function listOf(records: readonly JobRecord[]): string {
  return JSON.stringify(records.map(({ event }) => event));
}
