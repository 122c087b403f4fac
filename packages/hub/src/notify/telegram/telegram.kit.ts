/**
 * A fake of Telegram's Bot API, built after its published interface (core.telegram.org/bots/api: sendMessage, HTML style,
 * ResponseParameters). It is strict: unknown keys, tags it does not know, half entities, lengths once entities are read,
 * buttons, and mentions that nobody meant.
 */
import type { GivenAnswer } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const botToken = "123456789:AAF-right-token-of-a-bot_0123456789";
export const chatId = "-1001234567890";

export interface Telegram extends Provider {
  /** Texts as people read them. */
  readonly texts: readonly string[];
  /** Bodies as they came. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
}

/** Starts it. */
export async function startTelegram(): Promise<Telegram> {
  const texts: string[] = [];
  const bodies: Readonly<Record<string, unknown>>[] = [];
  const provider = await startProvider({
    take(request) {
      const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(request.path) ?? [];
      if (token !== botToken) return failure(401, "Unauthorized");
      if (request.method !== "POST" || method !== "sendMessage") return failure(404, "Not Found");
      const body = jsonOf(request, failure(400, "Bad Request: object expected as request"));
      const message = objectOf(body);
      if (message["chat_id"] !== chatId) return failure(400, "Bad Request: chat not found");
      texts.push(textOf(message));
      bodies.push(message);
      return jsonAnswer(200, { ok: true, result: { message_id: texts.length } });
    },
    error: failure(502, "Bad Gateway"),
    busy: (seconds) =>
      failure(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds }),
    refusal: failure(400, "Bad Request: can't parse entities: Unsupported start tag"),
  });
  return { ...provider, texts, bodies };
}

/** An error in the API's words. */
export function failure(code: number, description: string, parameters?: object): GivenAnswer {
  return jsonAnswer(code, {
    ok: false,
    error_code: code,
    description,
    ...(parameters === undefined ? {} : { parameters }),
  });
}

const known = new Set([
  "chat_id",
  "message_thread_id",
  "text",
  "parse_mode",
  "disable_notification",
  "link_preview_options",
  "reply_markup",
]);

function textOf(message: Readonly<Record<string, unknown>>): string {
  for (const key of Object.keys(message)) must(known.has(key), `unknown parameter ${key}`);
  must(message["parse_mode"] === "HTML", "parse_mode");
  must(typeof message["disable_notification"] === "boolean", "disable_notification");
  must(objectOf(message["link_preview_options"])["is_disabled"] === true, "a preview of links");
  const thread = message["message_thread_id"];
  must(thread === undefined || Number.isInteger(thread), "message_thread_id");
  if (message["reply_markup"] !== undefined) checkKeyboard(objectOf(message["reply_markup"]));

  const html = message["text"];
  must(typeof html === "string", "text is not text");
  const text = String(html).replace(/<(\/?)b>/g, "");
  must(!/[<>]/.test(text), `can't parse entities: unsupported tag in ${text.slice(0, 80)}`);
  must(
    (String(html).match(/<b>/g) ?? []).length === (String(html).match(/<\/b>/g) ?? []).length,
    "tags",
  );
  must(!/&(?!lt;|gt;|amp;|quot;|#\d+;)/.test(text), "can't parse entities: half an entity");
  const read = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  must(read.trim() !== "", "message text is empty");
  must(read.length <= 4_096, `message is too long: ${read.length}`);
  must(!/@\w/.test(read), `somebody is called: ${read.slice(0, 80)}`);
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(read), "control characters");
  return read;
}

function checkKeyboard(markup: Readonly<Record<string, unknown>>): void {
  must(Object.keys(markup).join() === "inline_keyboard", "reply_markup");
  const rows = listOf(markup["inline_keyboard"]);
  must(rows.length > 0, "a keyboard without rows");
  for (const row of rows) {
    const buttons = listOf(row);
    must(buttons.length >= 1 && buttons.length <= 8, "buttons in a row");
    for (const button of buttons.map(objectOf)) {
      must(Object.keys(button).toSorted().join() === "text,url", "keys of a button");
      must(
        typeof button["text"] === "string" && button["text"].trim() !== "",
        "button text is empty",
      );
      const url = String(button["url"]);
      must(URL.canParse(url) && new URL(url).hostname.includes("."), `wrong HTTP URL ${url}`);
    }
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new RuleBroken(what, failure(400, `Bad Request: ${what}`));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  must(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown): readonly unknown[] {
  must(Array.isArray(value), "a list");
  return value as readonly unknown[];
}
