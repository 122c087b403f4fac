/** A notice as the body of an Apprise API's `/notify` (github.com/caronc/apprise-api): plain text, which each service puts in its form. */
import type { Notice } from "../../model/notice.ts";
import { linesOf, linksOf, toneOf, type Tone } from "../details.ts";
import { withoutMentions } from "../mentions.ts";
import { bodyOf, clip, headlineOf } from "../plain.ts";
import type { AppriseSettings } from "./settings.ts";

/** What Apprise itself allows; services that allow less get it in parts, or cut. */
const longestTitle = 250;
const longestBody = 32_768;

const types: Readonly<Record<Tone, "info" | "success" | "warning" | "failure">> = {
  critical: "failure",
  warning: "warning",
  info: "info",
  good: "success",
  neutral: "info",
};

/** The body; keys that are not set are left out. */
export function appriseMessage(
  notice: Notice,
  { urls, tag }: AppriseSettings,
): Readonly<Record<string, unknown>> {
  const title = clip(withoutMentions(headlineOf(notice).toWellFormed()), longestTitle);
  return {
    ...(urls === undefined ? {} : { urls }),
    ...(tag === undefined ? {} : { tag }),
    title,
    // Apprise refuses an empty one.
    body: bodyWithLinks(notice) || title,
    type: types[toneOf(notice)],
    format: "text",
  };
}

/** What can be done about one incident stands below what is said of it, and is never cut off. */
function bodyWithLinks(notice: Notice): string {
  const [only, ...others] = notice.incidents;
  const acts = only === undefined || others.length > 0 ? [] : linksOf(only).slice(1);
  const tail = acts.map(({ title, url }) => `\n${title}: ${url}`).join("");
  return clip(withoutMentions(linesOf(bodyOf(notice))), longestBody - tail.length) + tail;
}
