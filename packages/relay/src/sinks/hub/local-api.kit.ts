/**
 * A fake of the Monitoring Component's local API, built after what the original does: one event or a list per request, a
 * whole request refused with 422 for one event that does not fit, a batch answered with figures alone, events older or
 * newer than `MAX_SKEW_S` refused, and tables that demand a business key, and of a subjob its parent. It keeps an event once per idempotency key.
 * It does not unpack bodies: bytes that are no UTF-8 are answered with 400.
 */
import {
  startStrictServer,
  type GivenAnswer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";

export interface LocalApi extends StrictServer {
  /** Keys of stored events, in the order they came. */
  readonly stored: readonly string[];
  /** Batches answer `{"ok":true}` and nothing else, as its first versions. */
  readonly terse: { isOn: boolean };
  /** Events that do not fit in from now on. */
  readonly refused: Set<string>;
}

/** `MAX_SKEW_S` of the original. */
const mostSkewMs = 600_000;

interface Event {
  readonly idempotency_key: string;
  readonly entity: {
    readonly type: string;
    readonly parent_id: string | null;
    readonly business_key: string | null;
  };
  readonly event: { readonly at: string };
}

/** Starts it. */
export async function startLocalApi(): Promise<LocalApi> {
  const stored = new Set<string>();
  const refused = new Set<string>();
  const terse = { isOn: false };

  /** What storing it ends with: nothing, or the original's words. */
  function store(event: Event): string | undefined {
    if (event.entity.business_key === null) {
      return 'null value in column "job_key" of relation "job" violates not-null constraint';
    }
    if (event.entity.type === "subjob" && event.entity.parent_id === null) {
      return 'null value in column "job_id" of relation "subjob" violates not-null constraint';
    }
    stored.add(event.idempotency_key);
    return undefined;
  }

  function problemOf(event: Event): object | string | undefined {
    if (refused.has(event.idempotency_key)) return "Invalid event timestamp";
    const skewMs = Math.abs(Date.now() - Date.parse(event.event.at));
    return skewMs > mostSkewMs ? `Event time skew too large: ${skewMs / 1000}s` : undefined;
  }

  function single(event: Event): GivenAnswer {
    const problem = problemOf(event);
    if (problem !== undefined) return answer(422, { detail: problem });
    const fault = store(event);
    if (fault !== undefined) return answer(500, { detail: `Ingestion failed: ${fault}` });
    return answer(200, { ok: true, duration_s: 0.002 });
  }

  function batch(events: readonly Event[]): GivenAnswer {
    if (events.some(({ idempotency_key: key }) => refused.has(key))) {
      const detail = [{ type: "value_error", loc: ["body", 0], msg: "does not fit" }];
      return answer(422, { detail });
    }
    const failed = events.filter(
      (event) => problemOf(event) !== undefined || store(event) !== undefined,
    ).length;
    if (terse.isOn) return answer(200, { ok: true });
    const total = events.length;
    return answer(200, { ok: true, total, success: total - failed, failed });
  }

  const server = await startStrictServer((request) => {
    const isPost = request.method === "POST";
    if (request.path === "/v1/healthz" && !isPost) {
      return answer(200, { status: "ok", service: "local-api", version: "2.0.0" });
    }
    if (!isPost) return answer(405, { detail: "Method Not Allowed" });
    const read = jsonOf(request);
    if ("status" in read) return read;
    if (request.path === "/v1/ingest/events") {
      return isEvent(read.value) ? single(read.value) : answer(422, { detail: "no event" });
    }
    if (request.path !== "/v1/ingest/events:batch") return answer(404, { detail: "Not Found" });
    const list: unknown = read.value;
    const isList = Array.isArray(list) && list.every(isEvent);
    return isList ? batch(list) : answer(422, { detail: "no list of events" });
  });
  return {
    ...server,
    get stored() {
      return [...stored];
    },
    terse,
    refused,
  };
}

function jsonOf({ headers, body }: TakenRequest): { readonly value: unknown } | GivenAnswer {
  if (headers["content-type"] !== "application/json") {
    return answer(422, { detail: "expected application/json" });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return answer(400, { detail: "There was an error parsing the body" });
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return answer(422, { detail: [{ type: "json_invalid", loc: ["body", 0], msg: "JSON" }] });
  }
}

function isEvent(value: unknown): value is Event {
  if (typeof value !== "object" || value === null) return false;
  const {
    idempotency_key: key,
    site_id: site,
    app,
    entity,
    event,
  } = value as Record<string, unknown>;
  return (
    typeof key === "string" &&
    typeof site === "string" &&
    [app, entity, event].every((part) => typeof part === "object" && part !== null)
  );
}

function answer(status: number, body: object): GivenAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}
