/**
 * A fake of a Microsoft Teams workflow that posts cards, built after the published interface (learn.microsoft.com: webhooks
 * by Workflows; adaptivecards.io: schema 1.4). It is strict: the envelope, 28 KB, unknown elements and keys, empty texts,
 * markup of others in facts, and answers as Power Automate gives them.
 */
import { knows, limited, listOf, objectOf, startChat, type Chat, type Json } from "../chat.kit.ts";

export const path = "/workflows/0123456789abcdef/triggers/manual/paths/invoke";
export const signature = "right-signature_of-a-workflow";

/** Starts it. */
export function startTeams(): Promise<Chat> {
  const said = (status: number, code: string) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code, message: `It is ${code}.` } }),
  });
  return startChat({
    admit({ method, path: asked }) {
      const { pathname, searchParams } = new URL(asked, "http://teams");
      if (method !== "POST" || pathname !== path) return said(404, "WorkflowNotFound");
      if (searchParams.get("sig") === signature) return undefined;
      return said(401, "DirectApiAuthorizationRequired");
    },
    error: said(502, "NoResponse"),
    refusal: said(400, "TriggerInputSchemaMismatch"),
    busy: (seconds) => ({
      ...said(429, "WorkflowRunActionsRateLimit"),
      headers: { "retry-after": String(seconds) },
    }),
    read,
    taken: { status: 202 },
    faulty: said(400, "TriggerInputSchemaMismatch"),
  });
}

function read(message: Json, faults: string[]): string {
  const bytes = Buffer.byteLength(JSON.stringify(message));
  if (bytes > 28 * 1024) faults.push(`${bytes} bytes`);
  knows(message, ["type", "attachments"], faults);
  if (message["type"] !== "message") faults.push("not a message");
  const attachments = listOf(message["attachments"]);
  if (attachments.length !== 1) faults.push(`${attachments.length} attachments`);
  return attachments.map((attachment) => cardText(attachment, faults)).join("\n");
}

function cardText(attachment: Json, faults: string[]): string {
  knows(attachment, ["contentType", "contentUrl", "content"], faults);
  if (attachment["contentType"] !== "application/vnd.microsoft.card.adaptive") {
    faults.push("contentType");
  }
  const card = objectOf(attachment["content"]);
  knows(card, ["$schema", "type", "version", "msteams", "body", "actions"], faults);
  if (card["type"] !== "AdaptiveCard" || card["version"] !== "1.4") faults.push("kind of card");
  knows(objectOf(card["msteams"]), ["width"], faults);
  const actions = listOf(card["actions"]);
  if (actions.length > 6) faults.push(`${actions.length} actions`);
  const texts = [...elements(card["body"], faults), ...actions.map((one) => action(one, faults))];
  return texts.join("\n");
}

function elements(value: unknown, faults: string[]): string[] {
  const list = listOf(value);
  if (list.length === 0) faults.push("no elements");
  return list.flatMap((element): string[] => {
    switch (element["type"]) {
      case "RichTextBlock":
        knows(element, ["type", "inlines"], faults);
        return listOf(element["inlines"]).map((run) => {
          knows(run, ["type", "text", "weight", "size", "isSubtle"], faults);
          if (run["type"] !== "TextRun") faults.push("not a TextRun");
          return limited(run["text"], 5_000, faults);
        });
      case "FactSet":
        knows(element, ["type", "facts"], faults);
        return listOf(element["facts"]).map((fact) => {
          knows(fact, ["title", "value"], faults);
          return `${marked(fact["title"], faults)}: ${marked(fact["value"], faults)}`;
        });
      case "Container":
        knows(element, ["type", "style", "bleed", "separator", "selectAction", "items"], faults);
        if (element["selectAction"] !== undefined)
          action(objectOf(element["selectAction"]), faults);
        return elements(element["items"], faults);
      default:
        faults.push(`element ${JSON.stringify(element["type"])}`);
        return [];
    }
  });
}

function action(value: Json, faults: string[]): string {
  knows(value, ["type", "title", "url"], faults);
  if (value["type"] !== "Action.OpenUrl") faults.push("kind of action");
  if (!/^https?:\/\/\S+$/.test(limited(value["url"], 5_000, faults, "url"))) faults.push("url");
  return limited(value["title"], 100, faults, "title");
}

/** A text with markdown: without what is escaped, nothing in it may have a meaning. */
function marked(value: unknown, faults: string[]): string {
  const text = limited(value, 1_000, faults, "fact");
  const bare = text.replace(/\\[!-/:-@[-`{-~]/g, "");
  if (/[\\*_~`<>[\]]|\{\{|^\s*[#+-]\s/.test(bare)) faults.push(`not escaped: ${bare.slice(0, 80)}`);
  return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
