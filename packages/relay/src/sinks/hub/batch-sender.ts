/**
 * The Monitoring Component's interface. A Belfry hub or sidecar says which events of a batch it refused. The original says
 * at most how many, and answers 422 to a whole batch for one event that does not fit: then they go one by one. The event
 * keeps its id, so what was stored before is known again.
 */
import type { JobEvent } from "@belfry/contract";
import type { JobRecord } from "../../sink-record.ts";
import { deliverEach } from "../http/deliver-each.ts";
import { deliverItems, type ItemsVerdict } from "../http/deliver-items.ts";
import type { HttpOutcome } from "../http/http-client.ts";
import type { HttpVerdict } from "../http/verdict.ts";
import { readBatchAnswer, readObject } from "./answer.ts";
import { listOf, type Requests, type SendEvents } from "./requests.ts";

const batchPath = "/v1/ingest/events:batch";
const singlePath = "/v1/ingest/events";

/** Makes what sends. */
export function createBatchSender(requests: Requests): SendEvents {
  const isTaken = ({ body }: { readonly body: string }): boolean =>
    readObject(body)?.["ok"] === true;

  function strange(status: number): HttpVerdict {
    const why = `HTTP ${status}, but not an answer of the Monitoring Component`;
    return { kind: "misconfigured", why };
  }

  async function sendOne({ event }: JobRecord, signal: AbortSignal): Promise<HttpVerdict> {
    const verdict = await sendEvent(event, signal);
    // The original's tables demand a business key, which its events need not have.
    if (verdict.kind !== "refused" || event.entity.business_key !== null) return verdict;
    return sendEvent({ ...event, entity: { ...event.entity, business_key: "" } }, signal);
  }

  async function sendEvent(event: JobEvent, signal: AbortSignal): Promise<HttpVerdict> {
    const outcome = await requests.post(singlePath, JSON.stringify(event), signal);
    const verdict = requests.verdict(outcome);
    if (outcome.kind === "failed") return verdict;
    if (verdict.kind === "sent" && !isTaken(outcome)) return strange(outcome.status);
    // It will never store what breaks a constraint, though it calls it a fault of its own.
    if (verdict.kind === "retry" && breaksConstraint(outcome)) {
      return { kind: "refused", why: verdict.why };
    }
    return verdict;
  }

  async function send(records: readonly JobRecord[], signal: AbortSignal): Promise<ItemsVerdict> {
    if (records.length === 1 && records[0] !== undefined) return sendOne(records[0], signal);
    const outcome = await requests.post(batchPath, listOf(records), signal);
    const verdict = requests.verdict(outcome);
    if (outcome.kind === "failed") return verdict;
    const answer =
      verdict.kind === "sent" ? readBatchAnswer(outcome.body, records.length) : undefined;
    if (answer !== undefined && answer !== "unnamed") return { kind: "items", items: answer };
    if (answer === "unnamed" || outcome.status === 422) {
      return { kind: "items", items: await deliverEach(records, sendOne, signal) };
    }
    return verdict.kind === "sent" ? strange(outcome.status) : verdict;
  }

  return (records, signal) => deliverItems(records, send, signal);
}

/** PostgreSQL's words in the original's 500: `null value in column "job_key" … violates not-null constraint`. */
function breaksConstraint(outcome: Extract<HttpOutcome, { kind: "answer" }>): boolean {
  if (outcome.status !== 500) return false;
  const detail = readObject(outcome.body)?.["detail"];
  return typeof detail === "string" && /violates [a-z-]+ constraint/.test(detail);
}
