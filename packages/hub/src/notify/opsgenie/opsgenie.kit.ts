/**
 * A fake of Opsgenie's Alert API, built after its published interface (docs.opsgenie.com/docs/alert-api). It is strict:
 * required fields, unknown keys, lengths, numbers of tags, sizes of details; and it keeps alerts by alias. As the real one it
 * answers 202 before it looks whether an alert is there.
 */
import type { GivenAnswer } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const apiKey = "eb243592-right-key-a551-1afdf565c889";

type Json = Readonly<Record<string, unknown>>;

export interface Opsgenie extends Provider {
  /** Message and description, as people read them. */
  readonly texts: readonly string[];
  readonly created: readonly Json[];
  /** `open`, `acknowledged` or `closed` by alias. */
  readonly alerts: ReadonlyMap<string, string>;
}

/** Starts it. */
export async function startOpsgenie(): Promise<Opsgenie> {
  const texts: string[] = [];
  const created: Json[] = [];
  const alerts = new Map<string, string>();

  function act(path: string, body: Json): void {
    const [, alias = "", action = ""] =
      /^\/v2\/alerts\/([^/?]+)\/(close|acknowledge)\?identifierType=alias$/.exec(path) ?? [];
    must(alias !== "", `path ${path}`);
    knows(body, ["user", "source", "note"]);
    limited(body["user"], 100, "user");
    limited(body["source"], 100, "source");
    if (alerts.has(alias)) alerts.set(alias, action === "close" ? "closed" : "acknowledged");
  }

  const provider = await startProvider({
    take(request) {
      const { authorization = "" } = request.headers;
      if (authorization !== `GenieKey ${apiKey}`) {
        return jsonAnswer(401, {
          message: `Could not authenticate: ${String(authorization)}`,
          took: 0,
        });
      }
      if (request.method !== "POST") return jsonAnswer(405, { message: "Method not allowed" });
      const body = objectOf(jsonOf(request, invalid("not JSON")));
      if (request.path === "/v2/alerts") {
        texts.push(alertText(body));
        created.push(body);
        const alias = String(body["alias"]);
        if (alerts.get(alias) !== "acknowledged") alerts.set(alias, "open");
      } else act(request.path, body);
      return jsonAnswer(202, { result: "Request will be processed", took: 0.1, requestId: "1" });
    },
    error: jsonAnswer(503, { message: "unavailable" }),
    busy: (seconds) => ({
      ...jsonAnswer(429, { message: "You are making too many requests!" }),
      headers: { "retry-after": String(seconds) },
    }),
    refusal: invalid("message"),
  });
  return { ...provider, texts, created, alerts };
}

function invalid(what: string): GivenAnswer {
  const message = "Request body is not processable. Please check the errors.";
  return jsonAnswer(422, { message, errors: { field: what }, took: 0.0, requestId: "1" });
}

function alertText(body: Json): string {
  const optional = ["description", "responders", "tags", "details", "entity", "source", "priority"];
  knows(body, ["message", "alias", ...optional]);
  const message = limited(body["message"], 130, "message");
  must(message.trim() !== "", "message is missing");
  limited(body["alias"], 512, "alias");
  const description = limited(body["description"], 15_000, "description");
  if (body["entity"] !== undefined) limited(body["entity"], 512, "entity");
  limited(body["source"], 100, "source");
  must(/^P[1-5]$/.test(String(body["priority"])), "priority");
  const tags = listOf(body["tags"]);
  must(tags.length <= 20, `${tags.length} tags`);
  for (const tag of tags) must(limited(tag, 50, "tag") !== "", "an empty tag");
  const details = Object.entries(objectOf(body["details"]));
  const size = details.reduce(
    (sum, [key, value]) => sum + key.length + limited(value, 8_000, key).length,
    0,
  );
  must(size <= 8_000, `details of ${size} characters`);
  for (const responder of listOf(body["responders"] ?? []).map(objectOf)) {
    knows(responder, ["name", "type"]);
    must(responder["type"] === "team", "type of a responder");
  }
  return `${message}\n${description}`;
}

function limited(value: unknown, most: number, name: string): string {
  must(typeof value === "string", `${name} is no text`);
  const text = String(value);
  must(text.length <= most, `${name} is ${text.length} characters long`);
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(text), `control characters in ${name}`);
  return text;
}

function knows(value: Json, keys: readonly string[]): void {
  for (const key of Object.keys(value)) must(keys.includes(key), `unknown key ${key}`);
}

function objectOf(value: unknown): Json {
  must(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
  return value as Json;
}

function listOf(value: unknown): readonly unknown[] {
  must(Array.isArray(value), "a list");
  return value as readonly unknown[];
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new RuleBroken(what, invalid(what));
}
