/**
 * A notice as a message of a Discord webhook: https://docs.discord.com/developers/resources/message#embed-object. One embed
 * holds everything; what others wrote is escaped, and whatever it is, nobody is mentioned but those of the settings.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { clipEscaped, detailsOf, lineOf, linesOf, linksOf, toneOf, type Tone } from "../details.ts";
import { headlineOf, timeText } from "../plain.ts";
import type { DiscordSettings } from "./settings.ts";

interface Field {
  readonly name: string;
  readonly value: string;
  readonly inline: boolean;
}

interface Embed {
  readonly title: string;
  readonly url?: string;
  readonly description?: string;
  readonly color: number;
  readonly fields?: readonly Field[];
  readonly footer: { readonly text: string };
  /** ISO 8601; clients show it in the reader's zone. */
  readonly timestamp: string;
}

export interface DiscordMessage {
  readonly content?: string;
  readonly username?: string;
  readonly avatar_url?: string;
  readonly embeds: readonly Embed[];
  readonly allowed_mentions: {
    readonly parse: readonly "everyone"[];
    readonly roles: readonly string[];
    readonly users: readonly string[];
  };
}

/** Discord's own, and within them ours: over all of an embed there may be 6,000 characters. */
const limits = { title: 256, description: 4_096, fields: 25, name: 256, value: 1_024, all: 6_000 };
const longestText = 1_000;
const longestMessage = 1_500;
const longestValue = 500;
const longestUrl = 1_000;

const colours: Readonly<Record<Tone, number>> = {
  critical: 0xc62828,
  warning: 0xef6c00,
  info: 0x1565c0,
  good: 0x2e7d32,
  neutral: 0x607d8b,
};

/** The message; of the settings it needs who is called, and under which name it stands. */
export function discordMessage(
  notice: Notice,
  settings: Pick<DiscordSettings, "mentions" | "username" | "avatar_url">,
): DiscordMessage {
  const { username, avatar_url, mentions } = settings;
  const isCall = notice.kind === "firing" || notice.kind === "escalated";
  const called = isCall ? mentions : [];
  return {
    ...(called.length === 0 ? {} : { content: called.map(mentionOf).join(" ") }),
    ...(username === undefined ? {} : { username }),
    ...(avatar_url === undefined ? {} : { avatar_url }),
    embeds: [embedOf(notice)],
    allowed_mentions: {
      parse: called.some((who) => who === "here" || who === "everyone") ? ["everyone"] : [],
      roles: unique(called.filter((who) => who.startsWith("&")).map((who) => who.slice(1))),
      users: unique(called.filter((who) => /^\d/.test(who))),
    },
  };
}

function mentionOf(who: string): string {
  return who === "here" || who === "everyone" ? `@${who}` : `<@${who}>`;
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function embedOf(notice: Notice): Embed {
  const { incidents, text, more, at } = notice;
  const [only, ...others] = incidents;
  const isOne = only !== undefined && others.length === 0;
  const title = clipEscaped(lineOf(headlineOf(notice)), limits.title, escaped, parts);
  const footer = "Belfry";
  const lead = clipEscaped(linesOf(text), longestText, escaped, parts);
  const rest = isOne ? singleText(only) : listText(incidents, more, limits.description - 1_100);
  const description = [lead, rest].filter((part) => part !== "").join("\n\n");
  const used = title.length + footer.length + description.length;
  const fields = isOne ? fieldsOf(only, limits.all - used) : [];
  const page = isOne ? linksOf(only)[0]?.url : undefined;
  return {
    title,
    ...(page === undefined || page.length > longestUrl ? {} : { url: page }),
    ...(description === "" ? {} : { description }),
    color: colours[toneOf(notice)],
    ...(fields.length === 0 ? {} : { fields }),
    footer: { text: footer },
    timestamp: new Date(at).toISOString(),
  };
}

function singleText(incident: NoticeIncident): string {
  const links = linksOf(incident)
    .filter(({ url }) => url.length <= longestUrl / 2)
    .map(({ title, url }) => linked(title, url));
  const message = clipEscaped(lineOf(incident.message), longestMessage, escaped, parts);
  return [message, links.join(" · ")].filter((part) => part !== "").join("\n\n");
}

/** As many details as fit. */
function fieldsOf(incident: NoticeIncident, most: number): readonly Field[] {
  const fields: Field[] = [];
  let left = most;
  for (const detail of detailsOf(incident).slice(0, limits.fields)) {
    const name = clipEscaped(detail.name, limits.name, escaped, parts);
    const value = clipEscaped(detail.value, longestValue, escaped, parts);
    left -= name.length + value.length;
    if (left < 0) break;
    fields.push({ name, value, inline: name.length + value.length < 60 });
  }
  return fields;
}

/** One paragraph for each incident, as many as fit, and how many do not. */
function listText(incidents: readonly NoticeIncident[], more: number, most: number): string {
  const paragraphs: string[] = [];
  let left = most;
  for (const incident of incidents) {
    const paragraph = oneOfSeveral(incident);
    left -= paragraph.length + 2;
    if (left < 0) break;
    paragraphs.push(paragraph);
  }
  const missing = more + incidents.length - paragraphs.length;
  return [...paragraphs, ...(missing > 0 ? [`and ${missing} more`] : [])].join("\n\n");
}

function oneOfSeveral(incident: NoticeIncident): string {
  const [page] = linksOf(incident);
  const title = clipEscaped(lineOf(incident.title), 200, escaped, parts);
  const isLink = page !== undefined && page.url.length <= longestUrl / 2 && title !== "";
  const over = incident.status === "resolved" ? "over" : `since ${timeText(incident.openedAt)}`;
  const message = clipEscaped(lineOf(incident.message), 200, escaped, parts);
  const rest = [message, over].filter((part) => part !== "").join(" · ");
  return [isLink ? linked(title, page.url) : title, rest].filter((line) => line !== "").join("\n");
}

/** Guarantee: `title` is escaped. */
function linked(title: string, url: string): string {
  return `[${title}](${url.replaceAll("(", "%28").replaceAll(")", "%29")})`;
}

/** Addresses (Discord would show the backslashes in them), what begins headings, lists and quotes, and characters. */
function parts(text: string): Iterable<string> {
  return text.match(/(?<!\S)https?:\/\/[\w./:?#%&=+,;$-]+(?!\S)|(?<=^\s*)[#+>-]+\s|[^]/gmu) ?? [];
}

/** Whatever Discord's markdown gives a meaning to, with a backslash before it. */
function escaped(part: string): string {
  if (/^https?:\/\/\S/.test(part)) return part;
  const signs = /^[#+>-]+\s$/.test(part) ? /[#+>-]/g : /[\\*_~`|<>[\]@]/g;
  return part.replace(signs, "\\$&");
}
