/**
 * A notice as a message of a Slack webhook: https://docs.slack.dev/reference/block-kit. What others wrote stands in
 * `plain_text` where Slack has it, and escaped and `verbatim` elsewhere, so that it can neither mention nor link. Everything
 * is clipped to what Slack takes.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import {
  clipEscaped,
  detailsOf,
  lineOf,
  linesOf,
  linksOf,
  toneOf,
  type Detail,
  type Tone,
} from "../details.ts";
import { clip, headlineOf, timeText } from "../plain.ts";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}

interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}

interface Button {
  readonly type: "button";
  readonly action_id: string;
  readonly text: PlainText;
  readonly url: string;
}

type Block =
  | { readonly type: "header"; readonly text: PlainText }
  | {
      readonly type: "section";
      readonly text?: PlainText | Mrkdwn;
      readonly fields?: readonly Mrkdwn[];
    }
  | { readonly type: "actions"; readonly elements: readonly Button[] }
  | { readonly type: "context"; readonly elements: readonly PlainText[] };

export interface SlackMessage {
  /** What clients show that cannot draw blocks, and in what pops up. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly Block[] }[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const limits = { header: 150, text: 3_000, fields: 10, field: 2_000, button: 75, url: 3_000 };
/** Of a group; with what stands around them they are fewer than the 50 blocks that Slack takes. */
const mostIncidents = 40;

const colours: Readonly<Record<Tone, string>> = {
  critical: "#c62828",
  warning: "#ef6c00",
  info: "#1565c0",
  good: "#2e7d32",
  neutral: "#607d8b",
};

/** The message; `mentions` as in the settings. */
export function slackMessage(notice: Notice, mentions: readonly string[] = []): SlackMessage {
  const headline = lineOf(headlineOf(notice));
  const isCall = notice.kind === "firing" || notice.kind === "escalated";
  const calls = isCall ? mentions.map(mentionOf).join(" ") : "";
  const first = notice.incidents[0]?.message ?? notice.text;
  const fallback = [headline, lineOf(first)].filter((line) => line !== "").join(": ");
  const called = calls === "" ? "" : `${calls} `;
  return {
    text: `${called}${clipEscaped(fallback, limits.text - called.length, escaped)}`,
    blocks: [
      { type: "header", text: plain(headline, limits.header) },
      ...(calls === "" ? [] : [{ type: "section" as const, text: mrkdwn(calls) }]),
    ],
    attachments: [{ color: colours[toneOf(notice)], blocks: detailBlocks(notice) }],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function mentionOf(who: string): string {
  if (/^(here|channel|everyone)$/.test(who)) return `<!${who}>`;
  return who.startsWith("S") ? `<!subteam^${who}>` : `<@${who}>`;
}

function detailBlocks(notice: Notice): readonly Block[] {
  const { incidents, text, more, at } = notice;
  const [only, ...others] = incidents;
  const shown = incidents.slice(0, mostIncidents);
  const left = more + incidents.length - shown.length;
  const body =
    only !== undefined && others.length === 0 ? oneIncident(only) : shown.map(oneOfSeveral);
  return [
    ...paragraph(linesOf(text)),
    ...body,
    ...(left > 0 ? paragraph(`and ${left} more`) : []),
    { type: "context", elements: [plain(`Belfry · ${timeText(at)}`, limits.text)] },
  ];
}

function paragraph(text: string): readonly Block[] {
  return text === "" ? [] : [{ type: "section", text: plain(text, limits.text) }];
}

function oneIncident(incident: NoticeIncident): readonly Block[] {
  const fields = detailsOf(incident).slice(0, limits.fields).map(field);
  const buttons = linksOf(incident)
    .filter(({ url }) => url.length <= limits.url)
    .map(({ title, url }): Button => ({
      type: "button",
      action_id: title.toLowerCase(),
      text: plain(title, limits.button),
      url,
    }));
  return [
    ...paragraph(lineOf(incident.message)),
    { type: "section", fields },
    ...(buttons.length === 0 ? [] : [{ type: "actions" as const, elements: buttons }]),
  ];
}

/** A title that leads to its page, what is wrong, and since when. */
function oneOfSeveral(incident: NoticeIncident): Block {
  const [page] = linksOf(incident);
  const title = clipEscaped(lineOf(incident.title), 300, escaped);
  const isLink = page !== undefined && page.url.length <= 1_000 && title !== "";
  const linked = isLink ? `<${escaped(page.url)}|${title.replaceAll("|", "¦")}>` : title;
  const over = incident.status === "resolved" ? "over" : `since ${timeText(incident.openedAt)}`;
  const message = clipEscaped(lineOf(incident.message), 500, escaped);
  const rest = [message, over].filter((part) => part !== "").join(" · ");
  return { type: "section", text: mrkdwn(`${linked}\n${rest}`.trim()) };
}

function field({ name, value }: Detail): Mrkdwn {
  const label = clipEscaped(name, 200, escaped);
  return mrkdwn(`*${label}*\n${clipEscaped(value, limits.field - label.length - 3, escaped)}`);
}

function plain(text: string, most: number): PlainText {
  return { type: "plain_text", text: clip(text, most), emoji: false };
}

/** Guarantee: `text` is escaped and short enough. */
function mrkdwn(text: string): Mrkdwn {
  return { type: "mrkdwn", text, verbatim: true };
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** As https://docs.slack.dev/messaging/formatting-message-text#escaping asks for. */
function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => entities[sign] ?? sign);
}
