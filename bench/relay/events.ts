/** The requests of the load: events of about 600 bytes of JSON in the contract's own form, each with an id of its own. */

/** Bytes of one request, and where the ids in it are. */
export interface RequestTemplate {
  readonly bytes: Buffer;
  /** Offset of the twelve digits of every event's id. */
  readonly idsAt: readonly number[];
}

const digits = 12;
const idHead = "0190a2b4-0000-7000-8000-";

/** One event as JSON; the digits of its id are zeros. */
export function eventText(): string {
  return JSON.stringify({
    idempotency_key: idHead + "0".repeat(digits),
    site_id: "fab1",
    app: { app_id: null, name: "nightly", version: "1.2.0" },
    entity: {
      type: "job",
      id: "0190a2b4-1111-7000-8000-000000000001",
      parent_id: null,
      business_key: "nightly-load",
      sub_key: null,
    },
    event: {
      kind: "progress",
      at: new Date().toISOString(),
      status: "running",
      metrics: { progress_pct: 41.5, cpu_user_s: 12.25, mem_max_mb: 182, rows: 120_000 },
      metadata: { message: "x".repeat(160), step: "load", host: "etl-1.example.org" },
    },
  });
}

/** A request that takes so many events: one alone, or a batch. */
export function requestOf(events: number): RequestTemplate {
  const one = eventText();
  const body = events === 1 ? one : `{"events":[${Array(events).fill(one).join(",")}]}`;
  const path = events === 1 ? "/v1/ingest/events" : "/v1/ingest/events:batch";
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    "",
  ].join("\r\n");
  const bytes = Buffer.from(head + body);
  const idsAt: number[] = [];
  for (let at = bytes.indexOf(idHead); at >= 0; at = bytes.indexOf(idHead, at + 1)) {
    idsAt.push(at + idHead.length);
  }
  return { bytes, idsAt };
}

/** Writes the number of an event into the digits of its id. */
export function writeId(bytes: Buffer, at: number, id: number): void {
  let left = id;
  for (let i = digits - 1; i >= 0; i -= 1) {
    bytes[at + i] = 48 + (left % 10);
    left = Math.floor(left / 10);
  }
}
