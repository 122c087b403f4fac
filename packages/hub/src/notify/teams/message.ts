/**
 * A notice as an Adaptive Card for a workflow of Microsoft Teams: https://adaptivecards.io/explorer and
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using. What others wrote
 * stands in text runs, which know no markup, and escaped in facts, which do. A message has at most 28 KB: what does not fit
 * is counted.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { clipEscaped, detailsOf, lineOf, linesOf, linksOf, toneOf, type Tone } from "../details.ts";
import { clip, headlineOf, timeText } from "../plain.ts";

interface TextRun {
  readonly type: "TextRun";
  readonly text: string;
  readonly weight?: "Bolder";
  readonly size?: "Medium";
  readonly isSubtle?: true;
}

interface OpenUrl {
  readonly type: "Action.OpenUrl";
  readonly title: string;
  readonly url: string;
}

type Element =
  | { readonly type: "RichTextBlock"; readonly inlines: readonly TextRun[] }
  | {
      readonly type: "FactSet";
      readonly facts: readonly { readonly title: string; readonly value: string }[];
    }
  | {
      readonly type: "Container";
      readonly style?: string;
      readonly bleed?: true;
      readonly separator?: true;
      readonly selectAction?: OpenUrl;
      readonly items: readonly Element[];
    };

export interface TeamsMessage {
  readonly type: "message";
  readonly attachments: readonly {
    readonly contentType: "application/vnd.microsoft.card.adaptive";
    readonly contentUrl: null;
    readonly content: {
      readonly $schema: string;
      readonly type: "AdaptiveCard";
      readonly version: "1.4";
      readonly msteams: { readonly width: "Full" };
      readonly body: readonly Element[];
      readonly actions: readonly OpenUrl[];
    };
  }[];
}

/** Teams refuses more than 28 KB; some of it is left to what the workflow adds. */
const mostBytes = 27 * 1024;
const longest = { title: 300, text: 1_500, lines: 20, message: 1_500, name: 100, value: 500 };
const longestUrl = 1_500;

const styles: Readonly<Record<Tone, string>> = {
  critical: "attention",
  warning: "warning",
  info: "accent",
  good: "good",
  neutral: "emphasis",
};

/** The message. */
export function teamsMessage(notice: Notice): TeamsMessage {
  const [only, ...others] = notice.incidents;
  const isOne = only !== undefined && others.length === 0;
  let most = isOne ? detailsOf(only).length : notice.incidents.length;
  let message = messageOf(notice, most);
  while (most > 0 && Buffer.byteLength(JSON.stringify(message)) > mostBytes) {
    most = Math.floor(most * 0.9);
    message = messageOf(notice, most);
  }
  return message;
}

/** With at most `most` details of one incident, or `most` incidents of several. */
function messageOf(notice: Notice, most: number): TeamsMessage {
  const { incidents, text, more } = notice;
  const [only, ...others] = incidents;
  const isOne = only !== undefined && others.length === 0;
  const left = isOne ? more : more + incidents.length - Math.min(incidents.length, most);
  const body: readonly Element[] = [
    {
      type: "Container",
      style: styles[toneOf(notice)],
      bleed: true,
      items: [run(lineOf(headlineOf(notice, longest.title)), { weight: "Bolder", size: "Medium" })],
    },
    ...paragraphs(text),
    ...(isOne ? oneIncident(only, most) : incidents.slice(0, most).map(oneOfSeveral)),
    ...(left > 0 ? [run(`and ${left} more`)] : []),
    run(`Belfry · ${timeText(notice.at)}`, { isSubtle: true }),
  ];
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body,
          actions: isOne ? actionsOf(only) : [],
        },
      },
    ],
  };
}

function run(text: string, look: Omit<TextRun, "type" | "text"> = {}): Element {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", text, ...look }] };
}

/** A block for each line: line ends within one are not shown everywhere. */
function paragraphs(text: string): readonly Element[] {
  const lines = clip(linesOf(text), longest.text)
    .split("\n")
    .filter((line) => line !== "");
  return lines.slice(0, longest.lines).map((line) => run(line));
}

function oneIncident(incident: NoticeIncident, most: number): readonly Element[] {
  const message = clip(lineOf(incident.message), longest.message);
  const facts = detailsOf(incident)
    .slice(0, most)
    .map(({ name, value }) => ({
      title: clipEscaped(name, longest.name, escaped),
      value: clipEscaped(value, longest.value, escaped),
    }));
  return [
    ...(message === "" ? [] : [run(message)]),
    ...(facts.length === 0 ? [] : [{ type: "FactSet" as const, facts }]),
  ];
}

/** Title, message and since when; a click leads to the incident's page. */
function oneOfSeveral(incident: NoticeIncident): Element {
  const [page] = actionsOf(incident);
  const over = incident.status === "resolved" ? "over" : `since ${timeText(incident.openedAt)}`;
  const message = clip(lineOf(incident.message), 200);
  const rest = [message, over].filter((part) => part !== "").join(" · ");
  const title = clip(lineOf(incident.title), 200);
  return {
    type: "Container",
    separator: true,
    ...(page === undefined ? {} : { selectAction: page }),
    items: [...(title === "" ? [] : [run(title, { weight: "Bolder" })]), run(rest)],
  };
}

function actionsOf(incident: NoticeIncident): readonly OpenUrl[] {
  return linksOf(incident)
    .filter(({ url }) => url.length <= longestUrl)
    .map(({ title, url }) => ({ type: "Action.OpenUrl", title, url }));
}

/** What the markdown of Adaptive Cards, and their functions of dates, give a meaning to. */
function escaped(character: string): string {
  return /[\\*_~`|<>[\](){}#+!-]/.test(character) ? `\\${character}` : character;
}
