/**
 * Bodies of `_bulk`, and what its answer says of each document:
 *
 *     {"create":{"_index":"wafer-monitor-2026.01.31","_id":"…"}}
 *     {"@timestamp":"…", …}
 *
 * `create` with an id of ours: what is there already is a conflict, and delivered. The last line ends like all others.
 */
import { createHash } from "node:crypto";
import type { RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { readJson, valueAt } from "../http/read-json.ts";
import { documentOf } from "./document.ts";
import type { ElkSettings } from "./settings.ts";

/** Asks for no more of the answer than is read. */
export const bulkPath =
  "/_bulk?filter_path=errors,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason";

/** Bytes of an id that Elasticsearch takes. */
const mostIdBytes = 512;

export interface Line {
  readonly index: string;
  /** Action and document, each with its line's end. */
  readonly text: string;
}

/** The two lines of a record; undefined for one whose time is none. */
export function lineOf(record: SinkRecord, settings: ElkSettings): Line | undefined {
  const time = new Date(record.at);
  if (Number.isNaN(time.getTime())) return undefined;
  const at = time.toISOString();
  const index =
    settings.target === "dated"
      ? `${settings.index_prefix}-${at.slice(0, 10).replaceAll("-", ".")}`
      : settings.data_stream;
  const action = { create: { _index: index, _id: idOf(record.id) } };
  return {
    index,
    text: `${JSON.stringify(action)}\n${JSON.stringify(documentOf(record, at))}\n`,
  };
}

/** The record's own id, or its digest where it is too long. */
function idOf(id: string): string {
  if (Buffer.byteLength(id) <= mostIdBytes) return id;
  return createHash("sha256").update(id).digest("hex");
}

export interface BulkAnswer {
  readonly deliveries: readonly RecordDelivery[];
  /** Documents that did not fit and were put into the failure store. */
  readonly inFailureStore: number;
  /** An index or data stream was not there. */
  readonly isIndexMissing: boolean;
}

interface Item {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  readonly failureStore: unknown;
}

/** What the body of an answer says of `count` documents; undefined: it is none of `_bulk`. */
export function readBulkAnswer(body: string, count: number): BulkAnswer | undefined {
  const items = itemsOf(body);
  if (items?.length !== count) return undefined;
  return {
    deliveries: items.map(deliveryOf),
    inFailureStore: items.filter(({ failureStore }) => failureStore === "used").length,
    isIndexMissing: items.some(({ type }) => type === "index_not_found_exception"),
  };
}

function itemsOf(body: string): readonly Item[] | undefined {
  const list = valueAt(readJson(body), "items");
  if (!Array.isArray(list)) return undefined;
  const items = list.map((entry: unknown): Item | undefined => {
    const item = valueAt(entry, "create");
    const status = valueAt(item, "status");
    if (typeof status !== "number") return undefined;
    const error = valueAt(item, "error");
    const reasons = [textOf(error, "reason"), textOf(valueAt(error, "caused_by"), "reason")];
    return {
      status,
      type: textOf(error, "type"),
      reason: reasons.filter((part) => part !== "").join(": "),
      failureStore: valueAt(item, "failure_store"),
    };
  });
  return items.every((item) => item !== undefined) ? items : undefined;
}

function textOf(value: unknown, key: string): string {
  const found = valueAt(value, key);
  return typeof found === "string" ? found : "";
}

/** What an index in want of somebody answers with; it would be the same for the next document. */
const settingTypes = new Set([
  "index_not_found_exception",
  "index_closed_exception",
  "invalid_index_name_exception",
  "security_exception",
  "validation_exception",
]);
/** A setting of the index, or of the cluster, that the document has run into. */
const settingReason = /Limit of (total fields|mapping depth)|maximum (normal |open )?shards open/;

const longestReason = 300;
/** Elasticsearch unblocks an index by itself once the disk has room again; it looks every 30 s. */
const blockedMs = 30_000;

function deliveryOf({ status, type, reason }: Item): RecordDelivery {
  if (status < 300 || status === 409) return { kind: "sent" };
  const text = `${type === "" ? `status ${status}` : type}${reason === "" ? "" : `: ${reason}`}`;
  const why = text.length > longestReason ? `${text.slice(0, longestReason)}…` : text;
  if (type === "cluster_block_exception") {
    const isForever = status === 403 && !/read-only \/ allow delete|flood/.test(reason);
    return isForever ? { kind: "misconfigured", why } : { kind: "retry", why, afterMs: blockedMs };
  }
  if (status === 429) return { kind: "retry", why, afterMs: 1000 };
  if (status >= 500 || type === "resource_already_exists_exception") return { kind: "retry", why };
  if (settingTypes.has(type) || status === 401 || status === 403 || settingReason.test(reason)) {
    return { kind: "misconfigured", why };
  }
  return { kind: "refused", why };
}
