/**
 * A fake of PagerDuty's Events API v2, built after its published interface (developer.pagerduty.com: Events API v2). It is
 * strict: required fields, unknown keys, closed lists, lengths, the size of an event; and it keeps alerts by `dedup_key`.
 */
import type { GivenAnswer } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const routingKey = "R0123456789abcdef0123456789right";

type Json = Readonly<Record<string, unknown>>;

export interface Pagerduty extends Provider {
  /** Summary, component, details: as people read them. */
  readonly texts: readonly string[];
  readonly events: readonly Json[];
  /** State of each alert by its key. */
  readonly alerts: ReadonlyMap<string, string>;
}

/** Starts it. */
export async function startPagerduty(): Promise<Pagerduty> {
  const texts: string[] = [];
  const events: Json[] = [];
  const alerts = new Map<string, string>();
  const provider = await startProvider({
    take(request) {
      if (request.method !== "POST" || request.path !== "/v2/enqueue") return { status: 404 };
      if (request.body.length > 512 * 1_024) throw new RuleBroken("over 512 KB", { status: 413 });
      const event = objectOf(jsonOf(request, invalid("not JSON")));
      if (event["routing_key"] !== routingKey) {
        return invalid("Invalid routing key", String(event["routing_key"]));
      }
      const text = textOf(event);
      events.push(event);
      if (text !== "") texts.push(text);
      keep(alerts, event);
      const dedup_key = event["dedup_key"];
      return jsonAnswer(202, { status: "success", message: "Event processed", dedup_key });
    },
    error: { status: 503 },
    busy: (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) } }),
    refusal: invalid("'payload.summary' is missing or blank"),
  });
  return { ...provider, texts, events, alerts };
}

function invalid(...errors: readonly string[]): GivenAnswer {
  return jsonAnswer(400, { status: "invalid event", message: "Event object is invalid", errors });
}

/** Acknowledging or resolving what is not open changes nothing. */
function keep(alerts: Map<string, string>, event: Json): void {
  const key = String(event["dedup_key"]);
  const state = alerts.get(key);
  const isOpen = state !== undefined && state !== "resolved";
  if (event["event_action"] === "trigger") alerts.set(key, isOpen ? state : "triggered");
  else if (isOpen) {
    alerts.set(key, event["event_action"] === "resolve" ? "resolved" : "acknowledged");
  }
}

function textOf(event: Json): string {
  knows(event, [
    "routing_key",
    "event_action",
    "dedup_key",
    "client",
    "client_url",
    "payload",
    "links",
  ]);
  const key = event["dedup_key"];
  must(typeof key === "string" && key !== "" && key.length <= 255, "dedup_key");
  const action = String(event["event_action"]);
  must(["trigger", "acknowledge", "resolve"].includes(action), "event_action");
  if (action !== "trigger") return "";

  const payload = objectOf(event["payload"]);
  const optional = ["timestamp", "component", "group", "class", "custom_details"];
  knows(payload, ["summary", "source", "severity", ...optional]);
  const summary = filled(payload["summary"], 1_024, "payload.summary");
  filled(payload["source"], 255, "payload.source");
  must(["critical", "error", "warning", "info"].includes(String(payload["severity"])), "severity");
  must(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(payload["timestamp"])), "payload.timestamp");
  for (const name of ["component", "group", "class"]) {
    if (payload[name] !== undefined) filled(payload[name], 255, `payload.${name}`);
  }
  const links = event["links"] ?? [];
  must(Array.isArray(links), "links");
  for (const link of (links as unknown[]).map(objectOf)) {
    knows(link, ["href", "text"]);
    must(URL.canParse(String(link["href"])), "href of a link");
  }
  return `${summary}\n${JSON.stringify(payload["custom_details"])}`;
}

function filled(value: unknown, most: number, name: string): string {
  must(typeof value === "string" && value.trim() !== "", `'${name}' is missing or blank`);
  const text = String(value);
  must(text.length <= most, `'${name}' is ${text.length} characters long`);
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  must(!/[\u0000-\u001f]/.test(text), `control characters in '${name}'`);
  return text;
}

function knows(value: Json, keys: readonly string[]): void {
  for (const key of Object.keys(value)) must(keys.includes(key), `unknown key ${key}`);
}

function objectOf(value: unknown): Json {
  must(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
  return value as Json;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new RuleBroken(what, invalid(what));
}
