/**
 * What the answers of a hub, and of the Monitoring Component's local API, say of each event of a request. Undefined: the
 * body is not of that form.
 */
import type { RecordDelivery } from "../../event-sink.ts";
import { readJson } from "../http/read-json.ts";

const sent: RecordDelivery = { kind: "sent" };

/** Of `POST /api/v1/events` with 200: an item per event. */
export function readHubAnswer(body: string, count: number): readonly RecordDelivery[] | undefined {
  const items = listAt(readObject(body), "items");
  if (items?.length !== count) return undefined;
  const deliveries = items.map((item): RecordDelivery | undefined => {
    const { result, path, message } = isObject(item) ? item : {};
    if (result === "taken" || result === "duplicate") return sent;
    if (result !== "refused") return undefined;
    return { kind: "refused", why: reasonOf(path, message) };
  });
  return deliveries.every((one) => one !== undefined) ? deliveries : undefined;
}

/** Of `POST /api/v1/events` with 422: none fits. Undefined also where it does not say so of every event. */
export function readHubRefusal(body: string, count: number): readonly RecordDelivery[] | undefined {
  const problems = listAt(readObject(body), "errors");
  if (problems === undefined || problems.length === 0) return undefined;
  const reasons = new Map<number, string>();
  for (const problem of problems) {
    const { path, message } = isObject(problem) ? problem : {};
    const found = /^\[(\d+)\]\.?(.*)$/s.exec(typeof path === "string" ? path : "");
    if (found === null) return undefined;
    const index = Number(found[1]);
    if (!reasons.has(index)) reasons.set(index, reasonOf(found[2], message));
  }
  // A hub names its first hundred problems; fewer than that are all of them.
  if (problems.length < 100 && reasons.size < count) return undefined;
  return Array.from({ length: count }, (_, i) => ({
    kind: "refused",
    why: reasons.get(i) ?? "none of the events of its request fits",
  }));
}

/**
 * Of `POST /v1/ingest/events:batch` with 200. Belfry says under `refused` which events it refused; the original says
 * at most how many: `unnamed`.
 */
export function readBatchAnswer(
  body: string,
  count: number,
): readonly RecordDelivery[] | "unnamed" | undefined {
  const answer = readObject(body);
  if (answer?.["ok"] !== true) return undefined;
  const all = (): RecordDelivery[] => Array.from({ length: count }, () => sent);
  const { failed, success } = answer;
  const isWhole = failed === undefined || failed === 0;
  if (isWhole && (success === undefined || success === count)) return all();
  const refused = listAt(answer, "refused");
  if (refused?.length !== failed) return "unnamed";
  const deliveries = all();
  for (const item of refused ?? []) {
    const { index, path, message } = isObject(item) ? item : {};
    if (typeof index !== "number" || deliveries[index]?.kind !== "sent") return "unnamed";
    deliveries[index] = { kind: "refused", why: reasonOf(path, message) };
  }
  return deliveries;
}

/** The object in a body. */
export function readObject(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = readJson(body);
  return isObject(value) ? value : undefined;
}

const longestReason = 300;

function reasonOf(path: unknown, message: unknown): string {
  const text = typeof message === "string" && message !== "" ? message : "the hub refused it";
  const whole = typeof path === "string" && path !== "" ? `${path}: ${text}` : text;
  return whole.length > longestReason ? `${whole.slice(0, longestReason)}…` : whole;
}

function listAt(
  value: Readonly<Record<string, unknown>> | undefined,
  key: string,
): readonly unknown[] | undefined {
  const found = value?.[key];
  return Array.isArray(found) ? found : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
