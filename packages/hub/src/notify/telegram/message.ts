/**
 * A notice as the body of `sendMessage` (core.telegram.org/bots/api). Texts are escaped for `parse_mode` HTML and clipped
 * before that: what counts is at most 4,096 characters once entities are read, so the text stays whole and no tag is ever
 * cut in two.
 */
import type { Notice } from "../../model/notice.ts";
import { lineOf, linesOf, linksOf } from "../details.ts";
import { withoutMentions } from "../mentions.ts";
import { bodyOf, clip, headlineOf } from "../plain.ts";
import type { TelegramSettings } from "./settings.ts";

/** UTF-16 units of a message after its entities are read. */
const longestMessage = 4_096;
const longestHeadline = 300;
/** Rows of buttons; more are of no use on a telephone. */
const mostRows = 5;
const longestButton = 40;

/** The body; keys that are not set are left out. */
export function telegramMessage(
  notice: Notice,
  { chat_id, message_thread_id, silent }: TelegramSettings,
): Readonly<Record<string, unknown>> {
  const rows = buttonRows(notice);
  return {
    chat_id,
    ...(message_thread_id === undefined ? {} : { message_thread_id }),
    text: textOf(notice),
    parse_mode: "HTML",
    disable_notification: silent,
    link_preview_options: { is_disabled: true },
    ...(rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } }),
  };
}

function textOf(notice: Notice): string {
  const headline = clip(withoutMentions(headlineOf(notice).toWellFormed()), longestHeadline);
  const body = clip(withoutMentions(linesOf(bodyOf(notice))), longestMessage - headline.length - 1);
  return body === ""
    ? `<b>${escaped(headline)}</b>`
    : `<b>${escaped(headline)}</b>\n${escaped(body)}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Of one incident all its links in a row; of several the page of each in a row of its own. */
function buttonRows({ incidents }: Notice): readonly (readonly object[])[] {
  const isOne = incidents.length === 1;
  return incidents.slice(0, mostRows).flatMap((incident) => {
    const title = clip(lineOf(incident.title), longestButton) || "Open";
    const row = linksOf(incident)
      .slice(0, isOne ? undefined : 1)
      .filter(({ url }) => mayBeLinked(url))
      .map((link) => ({ text: isOne ? link.title : title, url: link.url }));
    return row.length === 0 ? [] : [row];
  });
}

/** Telegram refuses the whole message for a link to a name without a dot, such as localhost. */
function mayBeLinked(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, protocol } = new URL(url);
  return /^https?:$/.test(protocol) && (hostname.includes(".") || hostname.startsWith("["));
}
