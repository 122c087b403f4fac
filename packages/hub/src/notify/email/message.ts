/**
 * A notice as a mail: text and HTML, and the headers that make one thread of all mails about an incident. Everything is
 * clipped; a header holds one line whatever is in a name.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { detailsOf, lineOf, linesOf, linksOf, toneOf } from "../details.ts";
import { clip, headlineOf, timeText } from "../plain.ts";
import { htmlOf, type MailContent } from "./html.ts";
import type { EmailSettings } from "./settings.ts";

export interface EmailMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly date: Date;
  /** `<id of the notice@domain of the sender>`: the same however often it is sent. */
  readonly messageId: string;
  readonly inReplyTo?: string;
  readonly references?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
}

/** Longest texts, UTF-16 units. A mail stays below 200 KB with all of them. */
const longest = { subject: 200, text: 5_000, title: 300, message: 2_000, name: 100, value: 1_000 };
const most = { incidents: 50, details: 30 };
/** In a group there are fewer details, so that the whole stays readable. */
const mostOfSeveral = 3;

/** The mail. */
export function emailMessage(
  notice: Notice,
  { from, to, cc, reply_to }: Pick<EmailSettings, "from" | "to" | "cc" | "reply_to">,
): EmailMessage {
  const domain = domainOf(from);
  const content = contentOf(notice);
  const [only, ...others] = notice.incidents;
  const thread =
    only !== undefined && others.length === 0 ? `<incident-${only.id}@${domain}>` : undefined;
  return {
    from,
    to,
    cc,
    ...(reply_to === undefined ? {} : { replyTo: reply_to }),
    subject: clip(lineOf(headlineOf(notice)), longest.subject),
    date: new Date(notice.at),
    messageId: `<${notice.id}@${domain}>`,
    // No mail has this id itself: whichever comes first, all others lie beside it.
    ...(thread === undefined ? {} : { inReplyTo: thread, references: thread }),
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "List-Id": `Belfry alerts <belfry-alerts.${domain}>`,
      "X-Belfry-Notice": notice.kind,
      ...(only === undefined ? {} : { "X-Belfry-Severity": only.severity }),
    },
    text: textOf(content),
    html: htmlOf(content),
  };
}

/** What stands behind the last `@`. */
function domainOf(mailbox: string): string {
  return mailbox.slice(mailbox.lastIndexOf("@") + 1).replace(/>$/, "");
}

function contentOf(notice: Notice): MailContent {
  const { incidents, text, more, at } = notice;
  const shown = incidents.slice(0, most.incidents);
  const isOne = incidents.length === 1;
  return {
    tone: toneOf(notice),
    headline: lineOf(headlineOf(notice, longest.title)),
    text: clip(linesOf(text), longest.text),
    incidents: shown.map((incident) => itemOf(incident, isOne)),
    left: more + incidents.length - shown.length,
    footer: `Belfry · ${timeText(at)}`,
  };
}

function itemOf(incident: NoticeIncident, isOne: boolean): MailContent["incidents"][number] {
  const links = linksOf(incident);
  return {
    title: isOne ? "" : clip(lineOf(incident.title), longest.title),
    message: clip(lineOf(incident.message), longest.message),
    details: detailsOf(incident)
      .slice(0, isOne ? most.details : mostOfSeveral)
      .map(({ name, value }) => ({
        name: clip(name, longest.name),
        value: clip(value, longest.value),
      })),
    links: isOne ? links : links.slice(0, 1),
  };
}

function textOf({ headline, text, incidents, left, footer }: MailContent): string {
  const items = incidents.map(({ title, message, details, links }) =>
    [
      title,
      message,
      ...details.map(({ name, value }) => `${name}: ${value}`),
      ...links.map((link) => `${link.title}: ${link.url}`),
    ]
      .filter((line) => line !== "")
      .join("\n"),
  );
  const rest = left > 0 ? [`and ${left} more`] : [];
  const parts = [headline, text, ...items, ...rest].filter((part) => part !== "");
  // The line that mail clients know as the beginning of a signature.
  return `${parts.join("\n\n")}\n\n-- \n${footer}\n`;
}
