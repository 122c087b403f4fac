/** A notice in plain text, for channels without a form of their own, and the pieces that all forms share. */
import type { Severity } from "@belfry/contract";
import type { Notice, NoticeIncident } from "../model/notice.ts";
import { durationText } from "../model/span-text.ts";

const marks: Readonly<Record<Severity, string>> = { critical: "🔴", warning: "🟠", info: "🔵" };

/** One sign that says how it is; people read it before the words. */
export function markOf(notice: Notice): string {
  const [first] = notice.incidents;
  if (notice.kind === "test" || first === undefined) return "🔔";
  if (notice.incidents.every(({ status }) => status === "resolved")) return "🟢";
  return marks[first.severity];
}

/** `🔴 api is down`, one line, at most `most` characters. */
export function headlineOf(notice: Notice, most = 300): string {
  return clip(oneLine(`${markOf(notice)} ${notice.title}`), most);
}

/** Lines below the headline: the text, then each incident with its cause, subjects, facts and page. */
export function bodyOf(notice: Notice): string {
  const several = notice.incidents.length > 1;
  const parts = notice.incidents.map((incident) => incidentText(incident, several));
  const more = notice.more > 0 ? [`and ${notice.more} more`] : [];
  return [notice.text, ...parts, ...more].filter((part) => part !== "").join("\n\n");
}

function incidentText(incident: NoticeIncident, isOneOfSeveral: boolean): string {
  const { message, cause, subjects, affected, facts, links } = incident;
  const lines = [
    ...(isOneOfSeveral ? [oneLine(incident.title)] : []),
    oneLine(message),
    ...(cause === null ? [] : [`Cause: ${oneLine(cause)}`]),
    ...(affected > 1 ? [`Affected: ${affectedText(incident)}`] : targetLine(subjects)),
    ...facts.map(({ name, value }) => `${oneLine(name)}: ${oneLine(value)}`),
    ...spanLines(incident),
    ...(links === null ? [] : [links.page]),
  ];
  return lines.filter((line) => line !== "").join("\n");
}

function targetLine(subjects: NoticeIncident["subjects"]): readonly string[] {
  const target = subjects[0]?.target ?? null;
  return target === null ? [] : [oneLine(target)];
}

/** `api, db and 12 more`. */
export function affectedText({ subjects, affected }: NoticeIncident): string {
  const names = subjects.map(({ name }) => oneLine(name)).join(", ");
  return affected > subjects.length ? `${names} and ${affected - subjects.length} more` : names;
}

function spanLines({ openedAt, resolvedAt, acknowledgedBy }: NoticeIncident): readonly string[] {
  const lines = [`Since ${timeText(openedAt)}`];
  if (resolvedAt !== null) lines.push(`Over after ${durationText((resolvedAt - openedAt) / 1000)}`);
  if (acknowledgedBy !== null) lines.push(`Taken by ${oneLine(acknowledgedBy)}`);
  return lines;
}

/** `2026-02-03 04:05:06 UTC`. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Control characters and line ends become spaces: names are as somebody wrote them. */
export function oneLine(text: string): string {
  return text.replace(controls, " ").trim();
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** At most `most` UTF-16 units, never half a character; what is cut ends with an ellipsis. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, Math.max(0, most - 1));
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

/** As `clip`, counted in bytes of UTF-8. */
export function clipBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = Math.max(0, most - 3);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…`;
}
