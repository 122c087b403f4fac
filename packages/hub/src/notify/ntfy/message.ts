/**
 * A notice as JSON of ntfy (docs.ntfy.sh/publish, "Publish as JSON"): at most 4,096 bytes of message, three buttons, and a
 * body of at most twice the length of a message, which is what the server reads of it.
 */
import type { Notice } from "../../model/notice.ts";
import { lineOf, linesOf, linksOf, toneOf, type Tone } from "../details.ts";
import { bodyOf, clipBytes } from "../plain.ts";
import type { NtfySettings } from "./settings.ts";

const longestTitle = 250;
const longestMessage = 4_096;
const longestBody = 2 * longestMessage;
const mostButtons = 3;

const emoji: Readonly<Record<Tone, string>> = {
  critical: "rotating_light",
  warning: "warning",
  info: "information_source",
  good: "white_check_mark",
  neutral: "bell",
};

/** The body as text. */
export function ntfyBody(notice: Notice, settings: NtfySettings): string {
  const title = clipBytes(lineOf(notice.title) || "Belfry", longestTitle);
  const text = linesOf(bodyOf(notice)) || title;
  let most = longestMessage;
  for (;;) {
    const body = JSON.stringify(
      messageOf(notice, { title, message: clipBytes(text, most) }, settings),
    );
    const over = Buffer.byteLength(body) - longestBody;
    // Quotes and line ends take two bytes in JSON: at worst the message is as long again.
    if (over <= 0 || most <= 256) return body;
    most = Math.max(256, most - over);
  }
}

function messageOf(
  notice: Notice,
  texts: { readonly title: string; readonly message: string },
  { topic, tags, priorities }: NtfySettings,
): object {
  const [first] = notice.incidents;
  const tone = toneOf(notice);
  const isOne = notice.incidents.length === 1;
  const links = isOne && first !== undefined ? linksOf(first) : [];
  const page = first?.links?.page;
  return {
    topic,
    ...texts,
    tags: [emoji[tone], ...tags],
    priority: priorityOf(tone, priorities),
    ...(page === undefined ? {} : { click: page }),
    ...(links.length === 0
      ? {}
      : {
          actions: links
            .slice(0, mostButtons)
            .map(({ title, url }) => ({ action: "view", label: title, url, clear: true })),
        }),
  };
}

function priorityOf(tone: Tone, priorities: NtfySettings["priorities"]): number {
  if (tone === "good") return priorities.resolved;
  return tone === "neutral" ? priorities.info : priorities[tone];
}
