/**
 * A fake of Slack's incoming webhooks, built after its published interface (docs.slack.dev: incoming webhooks, Block Kit).
 * It is strict: unknown keys, limits of blocks and texts, empty texts, markup that would mention or link, and answers in the
 * words of Slack.
 */
import { knows, limited, listOf, objectOf, startChat, type Chat, type Json } from "../chat.kit.ts";

export const path = "/services/T0123ABCD/B0123ABCD/right-secret-of-a-webhook";
/** As the settings of the tests have it: the only mention there may be. */
export const allowedMention = "<!here>";

/** Starts it. */
export function startSlack(): Promise<Chat> {
  return startChat({
    admit: ({ method, path: asked }) => {
      if (method === "POST" && asked === path) return undefined;
      if (asked.startsWith("/services/T0123ABCD/B0123ABCD/")) {
        return { status: 403, body: "invalid_token" };
      }
      return { status: 404, body: "no_service" };
    },
    error: { status: 500, body: "rollup_error" },
    refusal: { status: 400, body: "invalid_payload" },
    busy: (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) } }),
    read,
    taken: { status: 200, body: "ok" },
    faulty: { status: 400, body: "invalid_blocks" },
  });
}

function read(message: Json, faults: string[]): string {
  const texts: string[] = [];
  knows(message, ["text", "blocks", "attachments", "unfurl_links", "unfurl_media"], faults);
  texts.push(mrkdwnText(message["text"], 40_000, faults));
  const blocks = listOf(message["blocks"]);
  for (const attachment of listOf(message["attachments"])) {
    knows(attachment, ["color", "blocks"], faults);
    if (!/^#[0-9a-f]{6}$/.test(String(attachment["color"]))) faults.push("color");
    blocks.push(...listOf(attachment["blocks"]));
  }
  if (blocks.length > 50) faults.push(`${blocks.length} blocks`);
  for (const block of blocks) texts.push(...blockTexts(block, faults));
  return texts.join("\n");
}

function blockTexts(block: Json, faults: string[]): string[] {
  switch (block["type"]) {
    case "header":
      knows(block, ["type", "text"], faults);
      return [textOf(block["text"], ["plain_text"], 150, faults)];
    case "section": {
      knows(block, ["type", "text", "fields"], faults);
      const fields = block["fields"] === undefined ? undefined : listOf(block["fields"]);
      if (fields === undefined && block["text"] === undefined) faults.push("section without text");
      if (fields?.length === 0 || (fields?.length ?? 0) > 10) faults.push("number of fields");
      const both = ["plain_text", "mrkdwn"];
      return [
        ...(block["text"] === undefined ? [] : [textOf(block["text"], both, 3_000, faults)]),
        ...(fields ?? []).map((one) => textOf(one, both, 2_000, faults)),
      ];
    }
    case "context": {
      knows(block, ["type", "elements"], faults);
      const elements = listOf(block["elements"]);
      if (elements.length === 0 || elements.length > 10) faults.push("number of elements");
      return elements.map((one) => textOf(one, ["plain_text", "mrkdwn"], 3_000, faults));
    }
    case "actions":
      knows(block, ["type", "elements"], faults);
      return buttonTexts(listOf(block["elements"]), faults);
    default:
      faults.push(`block ${JSON.stringify(block["type"])}`);
      return [];
  }
}

function buttonTexts(buttons: readonly Json[], faults: string[]): string[] {
  if (buttons.length === 0 || buttons.length > 25) faults.push("number of buttons");
  const ids = new Set(buttons.map((button) => button["action_id"]));
  if (ids.size !== buttons.length) faults.push("action_id twice");
  return buttons.map((button) => {
    knows(button, ["type", "action_id", "text", "url"], faults);
    if (button["type"] !== "button") faults.push("not a button");
    const url = String(button["url"]);
    if (!/^https?:\/\//.test(url) || url.length > 3_000) faults.push("url of a button");
    return textOf(button["text"], ["plain_text"], 75, faults);
  });
}

function textOf(value: unknown, types: readonly string[], most: number, faults: string[]): string {
  const object = objectOf(value);
  const type = String(object["type"]);
  if (!types.includes(type)) faults.push(`text of type ${type}`);
  if (type === "plain_text") {
    knows(object, ["type", "text", "emoji"], faults);
    return limited(object["text"], most, faults);
  }
  knows(object, ["type", "text", "verbatim"], faults);
  if (object["verbatim"] !== true) faults.push("names and addresses would be linked");
  return mrkdwnText(object["text"], most, faults);
}

/** Angle brackets are links to Belfry's own pages, or the mention of the settings; everything else must be escaped. */
function mrkdwnText(value: unknown, most: number, faults: string[]): string {
  const text = limited(value, most, faults);
  const bare = text
    .replaceAll(allowedMention, "")
    .replace(/<https:\/\/belfry\.example\.org\/[^|<>]*\|[^|<>]*>/g, "");
  if (/[<>]/.test(bare)) faults.push(`not escaped: ${bare.slice(0, 100)}`);
  if (/&(?!amp;|lt;|gt;)/.test(bare)) faults.push(`half an entity: ${bare.slice(0, 100)}`);
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
