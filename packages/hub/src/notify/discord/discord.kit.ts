/**
 * A fake of Discord's webhooks, built after its published interface (docs.discord.com: execute webhook, embeds, allowed
 * mentions, rate limits). It is strict: unknown keys, limits of embeds and of all their texts together, allowed mentions that
 * allow more than the content calls, markup of others that is not escaped, and answers in the words of Discord.
 */
import { knows, limited, listOf, objectOf, startChat, type Chat, type Json } from "../chat.kit.ts";

export const webhookId = "1234567890";
const path = `/api/webhooks/${webhookId}/`;
export const token = "right-token-of-a-webhook";

/** Starts it. */
export function startDiscord(): Promise<Chat> {
  const said = (status: number, code: number, message: string) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message, code }),
  });
  return startChat({
    admit({ method, path: asked }) {
      const { pathname, searchParams } = new URL(asked, "http://discord");
      if (method !== "POST") return said(405, 0, "405: Method Not Allowed");
      if (!pathname.startsWith(path)) return said(404, 10_015, "Unknown Webhook");
      if (pathname !== path + token) return said(401, 50_027, "Invalid Webhook Token");
      const thread = searchParams.get("thread_id");
      if (thread !== null && thread !== "42") return said(400, 10_003, "Unknown Channel");
      return searchParams.get("wait") === "true" ? undefined : { status: 204 };
    },
    error: { status: 502, body: "<html>502 Bad Gateway</html>" },
    refusal: said(400, 50_035, "Invalid Form Body"),
    busy: (seconds) => ({
      status: 429,
      headers: { "retry-after": String(seconds), "x-ratelimit-reset-after": String(seconds) },
      body: JSON.stringify({ message: "You are being rate limited.", retry_after: seconds + 0.25 }),
    }),
    read,
    taken: { status: 200, body: JSON.stringify({ id: "9876543210", type: 0 }) },
    faulty: said(400, 50_035, "Invalid Form Body"),
  });
}

function read(message: Json, faults: string[]): string {
  knows(message, ["content", "username", "avatar_url", "embeds", "allowed_mentions"], faults);
  const texts: string[] = [];
  const { content, username } = message;
  const called = content === undefined ? "" : limited(content, 2_000, faults, "content");
  texts.push(called);
  if (username !== undefined && /clyde|discord/i.test(limited(username, 80, faults, "username"))) {
    faults.push("name that is not allowed");
  }
  checkMentions(objectOf(message["allowed_mentions"]), called, faults);
  const embeds = listOf(message["embeds"]);
  if (embeds.length === 0 || embeds.length > 10) faults.push(`${embeds.length} embeds`);
  let all = 0;
  for (const embed of embeds) {
    const found = embedTexts(embed, faults);
    for (const text of found) all += text.length;
    texts.push(...found);
  }
  if (all > 6_000) faults.push(`${all} of 6000 characters`);
  return texts.join("\n").replace(/\\([^0-9A-Za-z\s])/g, "$1");
}

function checkMentions(allowed: Json, content: string, faults: string[]): void {
  knows(allowed, ["parse", "roles", "users"], faults);
  for (const kind of ["parse", "roles", "users"]) {
    if (!Array.isArray(allowed[kind])) faults.push(`allowed_mentions.${kind} is left open`);
  }
  const everybody = Array.isArray(allowed["parse"]) && allowed["parse"].includes("everyone");
  if (everybody !== /@(here|everyone)/.test(content)) faults.push("everyone may be mentioned");
}

function embedTexts(embed: Json, faults: string[]): string[] {
  knows(embed, ["title", "url", "description", "color", "fields", "footer", "timestamp"], faults);
  const { title, url, description, color, timestamp } = embed;
  const texts = [marked(title, 256, faults, "title")];
  if (url !== undefined && !/^https?:\/\/\S+$/.test(limited(url, 2_048, faults, "url"))) {
    faults.push("url");
  }
  if (description !== undefined) texts.push(marked(description, 4_096, faults, "description"));
  if (!Number.isInteger(color) || Number(color) < 0 || Number(color) > 0xffffff) {
    faults.push("color");
  }
  if (Number.isNaN(Date.parse(String(timestamp)))) faults.push("timestamp");
  const fields = listOf(embed["fields"]);
  if (fields.length > 25) faults.push(`${fields.length} fields`);
  for (const field of fields) {
    knows(field, ["name", "value", "inline"], faults);
    texts.push(marked(field["name"], 256, faults, "name"));
    texts.push(marked(field["value"], 1_024, faults, "value"));
  }
  const footer = objectOf(embed["footer"]);
  knows(footer, ["text"], faults);
  return [...texts, limited(footer["text"], 2_048, faults, "footer")];
}

/** What is neither escaped, nor an address, nor a link to Belfry's own pages, may have no meaning. */
function marked(value: unknown, most: number, faults: string[], what: string): string {
  const text = limited(value, most, faults, what);
  const bare = text
    .replace(/\\[^0-9A-Za-z\s]/g, "")
    .replace(/\[[^\][]*\]\(https:\/\/belfry\.example\.org\/[^\s()]*\)/g, "")
    .replace(/(^|\s)https?:\/\/[^\s*~`|<>@\\]+(?=\s|$)/g, "");
  if (/[\\*_~`|<>[\]@]/.test(bare) || /^\s*([#+>-]+)\s/m.test(bare)) {
    faults.push(`${what} is not escaped: ${bare.slice(0, 100)}`);
  }
  return text;
}
