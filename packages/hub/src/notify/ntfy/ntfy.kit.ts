/**
 * A fake of an ntfy server, built after its published interface (docs.ntfy.sh/publish) and the numbers of its errors. It is
 * strict: unknown keys, lengths in bytes, buttons, priorities, and who may write.
 */
import type { GivenAnswer } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const token = "tk_right1234567890abcdefghijklmn";
export const topic = "belfry-alerts";

type Json = Readonly<Record<string, unknown>>;

export interface Ntfy extends Provider {
  /** Title and message. */
  readonly texts: readonly string[];
  readonly messages: readonly Json[];
}

/** Starts it. */
export async function startNtfy(): Promise<Ntfy> {
  const texts: string[] = [];
  const messages: Json[] = [];
  const basic = `Basic ${Buffer.from("ada:right-password").toString("base64")}`;
  const provider = await startProvider({
    take(request) {
      const { authorization = "" } = request.headers;
      if (authorization !== `Bearer ${token}` && authorization !== basic) {
        return failure(40_101, `unauthorized ${String(authorization)}`);
      }
      if (request.path !== "/" || request.method !== "POST")
        return failure(40_401, "page not found");
      if (request.body.length > 8_192) throw broken(41_303, "JSON body too large");
      const message = objectOf(
        jsonOf(request, failure(40_017, "request body must be message JSON")),
      );
      if (message["topic"] !== topic) return failure(40_301, "forbidden");
      texts.push(textOf(message));
      messages.push(message);
      return jsonAnswer(200, { id: "xE73Iyuabi", event: "message", topic });
    },
    error: failure(50_001, "internal server error"),
    busy: (seconds) => ({
      ...failure(42_901, "limit reached: too many requests"),
      headers: { "retry-after": String(seconds) },
    }),
    refusal: failure(41_301, "attachment too large, or bandwidth limit reached"),
  });
  return { ...provider, texts, messages };
}

/** An error in ntfy's words; its number begins with the status. */
export function failure(code: number, error: string): GivenAnswer {
  const http = Math.floor(code / 100);
  return jsonAnswer(http, { code, http, error, link: "https://ntfy.sh/docs/publish/" });
}

function textOf(message: Json): string {
  const keys = ["topic", "title", "message", "tags", "priority", "click", "actions"];
  for (const key of Object.keys(message)) must(keys.includes(key), 40_017, `unknown key ${key}`);
  const title = limited(message["title"], 250, 40_057);
  const text = limited(message["message"], 4_096, 41_301);
  must(text.trim() !== "", 40_017, "without a message");
  const priority = message["priority"];
  must([1, 2, 3, 4, 5].includes(Number(priority)), 40_007, `priority ${String(priority)}`);
  const tags = listOf(message["tags"]);
  must(
    tags.every((tag) => typeof tag === "string" && tag !== ""),
    40_017,
    "tags",
  );
  must(Buffer.byteLength(tags.join("")) <= 250, 40_058, "tags too long");
  const { click } = message;
  must(click === undefined || (typeof click === "string" && URL.canParse(click)), 40_017, "click");
  const actions = listOf(message["actions"] ?? []).map(objectOf);
  must(actions.length <= 3, 40_018, `${actions.length} actions`);
  for (const action of actions) {
    must(action["action"] === "view", 40_018, "action");
    must(typeof action["label"] === "string" && action["label"] !== "", 40_018, "label");
    must(URL.canParse(String(action["url"])), 40_018, "url");
  }
  return `${title}\n${text}`;
}

function limited(value: unknown, most: number, code: number): string {
  must(typeof value === "string", 40_017, "not a text");
  const text = String(value);
  must(Buffer.byteLength(text) <= most, code, `${Buffer.byteLength(text)} bytes`);
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(text), 40_017, "control characters");
  return text;
}

function objectOf(value: unknown): Json {
  must(typeof value === "object" && value !== null && !Array.isArray(value), 40_017, "an object");
  return value as Json;
}

function listOf(value: unknown): readonly unknown[] {
  must(Array.isArray(value), 40_017, "a list");
  return value as readonly unknown[];
}

function must(holds: boolean, code: number, what: string): void {
  if (!holds) throw broken(code, what);
}

function broken(code: number, what: string): RuleBroken {
  return new RuleBroken(what, failure(code, what));
}
