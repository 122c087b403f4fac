/** What channels with a form of their own say of an incident: named details, a tone, and texts that are fit to be sent. */
import type { Notice, NoticeIncident } from "../model/notice.ts";
import { durationText } from "../model/span-text.ts";
import { affectedText, clip, oneLine, timeText } from "./plain.ts";

/** One line about an incident. Neither part is ever empty; both may be long and hostile. */
export interface Detail {
  readonly name: string;
  readonly value: string;
}

/** How a notice looks; channels choose their colours by it. */
export type Tone = "critical" | "warning" | "info" | "good" | "neutral";

/** `good` once everything in it is over; `neutral` for what is about no incident. */
export function toneOf(notice: Notice): Tone {
  const [first] = notice.incidents;
  if (notice.kind === "test" || first === undefined) return "neutral";
  if (notice.incidents.every(({ status }) => status === "resolved")) return "good";
  return first.severity;
}

/** Cause, who is affected, since when, who took it, then the facts. */
export function detailsOf(incident: NoticeIncident): readonly Detail[] {
  const { cause, affected, subjects, openedAt, resolvedAt, acknowledgedBy, facts } = incident;
  const target = subjects[0]?.target ?? "";
  const details: Detail[] = [
    { name: "Cause", value: cause ?? "" },
    affected > 1
      ? { name: "Affected", value: affectedText(incident) }
      : { name: "Target", value: target },
    { name: "Since", value: timeText(openedAt) },
    {
      name: "Over after",
      value: resolvedAt === null ? "" : durationText((resolvedAt - openedAt) / 1000),
    },
    { name: "Taken by", value: acknowledgedBy ?? "" },
    ...facts,
  ];
  return details
    .map(({ name, value }) => ({ name: lineOf(name), value: lineOf(value) }))
    .filter(({ name, value }) => name !== "" && value !== "");
}

/** Links of an incident in the order people want them. */
export function linksOf({ links }: NoticeIncident): readonly {
  readonly title: string;
  readonly url: string;
}[] {
  if (links === null) return [];
  const { page, acknowledge, snooze } = links;
  return [
    { title: "Open", url: page },
    { title: "Acknowledge", url: acknowledge },
    { title: "Snooze", url: snooze },
  ].flatMap(({ title, url }) => (url === null ? [] : [{ title, url }]));
}

/** One line that any JSON or XML may carry: no control characters, no halves of characters. */
export function lineOf(text: string): string {
  return oneLine(text.toWellFormed());
}

/** As `lineOf`, with line ends kept; blank lines at the ends are cut. */
export function linesOf(text: string): string {
  return text
    .toWellFormed()
    .split(/\r\n|\r|\n/)
    .map(oneLine)
    .join("\n")
    .trim();
}

/**
 * A well-formed text, escaped, with at most `most` UTF-16 units afterwards; what is cut ends with an ellipsis and never
 * within an escape. `escape` is given one character (code point) at a time, or what `split` cuts the text into; it never
 * makes anything shorter.
 */
export function clipEscaped(
  text: string,
  most: number,
  escape: (part: string) => string,
  split: (text: string) => Iterable<string> = (whole) => whole,
): string {
  let whole = "";
  let cut = "";
  // What is behind `most` cannot come into it: escaping makes nothing shorter.
  for (const part of split(clip(text, most + 1))) {
    whole += escape(part);
    if (whole.length > most) return `${cut}…`;
    if (whole.length < most) cut = whole;
  }
  return whole;
}
