/**
 * A fake of the Apprise API, built after its published interface (github.com/caronc/apprise-api: stateful and stateless
 * notify). It is strict: unknown keys, types, formats, tags, lengths; and it knows one configuration and one user.
 */
import type { GivenAnswer } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const configuration = "belfry";
export const serviceUrl = "discord://4174216298/right-token-of-a-service";
export const user = { username: "ada", password: "right-password" };

type Json = Readonly<Record<string, unknown>>;

export interface Apprise extends Provider {
  /** Title and body. */
  readonly texts: readonly string[];
  readonly messages: readonly Json[];
}

/** Starts it. */
export async function startApprise(): Promise<Apprise> {
  const texts: string[] = [];
  const messages: Json[] = [];
  const credentials = Buffer.from(`${user.username}:${user.password}`).toString("base64");
  const provider = await startProvider({
    take(request) {
      const { authorization = "" } = request.headers;
      if (authorization !== `Basic ${credentials}`)
        return { status: 401, body: String(authorization) };
      const [, key] = /^\/notify(?:\/([\w-]{1,128}))?\/?$/.exec(request.path) ?? [];
      if (request.method !== "POST") return { status: 405 };
      if (key !== undefined && key !== configuration) return { status: 204 };
      const message = objectOf(jsonOf(request, wrong("Invalid JSON specified")));
      if (key === undefined && !knowsServices(message["urls"])) return { status: 204 };
      must(key === undefined || message["urls"] === undefined, "urls beside a key");
      texts.push(textOf(message));
      messages.push(message);
      return jsonAnswer(200, {
        error: null,
        details: [line("INFO", "Sent Discord notification.")],
      });
    },
    error: partly([line("WARNING", "Failed to send Discord notification: 503")]),
    busy: (seconds) => ({
      ...jsonAnswer(503, { error: "the server is temporarily unable" }),
      headers: { "retry-after": String(seconds) },
    }),
    refusal: wrong("Payload lacks minimum requirements"),
  });
  return { ...provider, texts, messages };
}

/** A line of the log that answers hold. */
export function line(level: string, message: string): readonly string[] {
  return [level, "2026-02-03 04:05:06,000", message];
}

/** Not all of the services took it. */
export function partly(details: readonly (readonly string[])[]): GivenAnswer {
  return jsonAnswer(424, { error: "One or more notification could not be sent", details });
}

function wrong(error: string): GivenAnswer {
  return jsonAnswer(400, { error });
}

function knowsServices(urls: unknown): boolean {
  return Array.isArray(urls) && urls.every((url) => url === serviceUrl);
}

function textOf(message: Json): string {
  const keys = ["urls", "tag", "title", "body", "type", "format"];
  for (const key of Object.keys(message)) must(keys.includes(key), `unknown key ${key}`);
  must(["info", "success", "warning", "failure"].includes(String(message["type"])), "type");
  must(message["format"] === "text", "format");
  const { tag = "all" } = message;
  must(typeof tag === "string" && /^[\w-]+([ ,]+[\w-]+)*$/.test(tag), "tag");
  const title = limited(message["title"], 250);
  const body = limited(message["body"], 32_768);
  must(body.trim() !== "", "an empty body");
  must(!/@\w|<!/.test(title + body), "somebody is called");
  return `${title}\n${body}`;
}

function limited(value: unknown, most: number): string {
  must(typeof value === "string", "no text");
  const text = String(value);
  must(text.length <= most, `${text.length} characters`);
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(text), "control characters");
  return text;
}

function objectOf(value: unknown): Json {
  must(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
  return value as Json;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new RuleBroken(what, wrong(what));
}
