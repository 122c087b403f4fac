/**
 * A notice as the body of `sendMessage` (core.telegram.org/bots/api). Texts are escaped for `parse_mode` HTML and clipped
 * before that: what counts is at most 4,096 characters once entities are read, so the text stays whole and no tag is ever
 * cut in two.
 */
import type { Notice } from "../../model/notice.ts";
import { bodyOf, clip, headlineOf } from "../plain.ts";
import type { TelegramSettings } from "./settings.ts";

/** UTF-16 units of a message after its entities are read. */
const longestMessage = 4_096;
const longestHeadline = 300;
/** Rows of buttons; more are of no use on a telephone. */
const mostRows = 5;

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
  const headline = clip(withoutMentions(headlineOf(notice)), longestHeadline);
  const body = clip(printable(bodyOf(notice)), longestMessage - headline.length - 1);
  return body === ""
    ? `<b>${escaped(headline)}</b>`
    : `<b>${escaped(headline)}</b>\n${escaped(body)}`;
}

/** Lines stay lines; what no text can show is left out. */
function printable(text: string): string {
  return (
    withoutMentions(text)
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, " ")
      .trim()
  );
}

/** A word joiner behind an at sign: no name in a text calls anybody. */
function withoutMentions(text: string): string {
  return text.toWellFormed().replaceAll("@", "@\u2060");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

interface Button {
  readonly text: string;
  readonly url: string;
}

/** One row of links per incident; with several they say which. */
function buttonRows({ incidents }: Notice): readonly (readonly Button[])[] {
  const isOne = incidents.length === 1;
  return incidents.slice(0, mostRows).flatMap(({ title, links }) => {
    if (links === null) return [];
    const page = isOne ? "Open" : clip(title.toWellFormed().trim() || "Open", 40);
    const buttons = [
      { text: page, url: links.page },
      ...(links.acknowledge === null || !isOne
        ? []
        : [{ text: "Acknowledge", url: links.acknowledge }]),
      ...(links.snooze === null || !isOne ? [] : [{ text: "Snooze", url: links.snooze }]),
    ];
    return [buttons.filter(({ url }) => mayBeLinked(url))].filter((row) => row.length > 0);
  });
}

/** Telegram refuses the whole message for a link to a name without a dot, such as localhost. */
function mayBeLinked(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, protocol } = new URL(url);
  return /^https?:$/.test(protocol) && (hostname.includes(".") || hostname.startsWith("["));
}
