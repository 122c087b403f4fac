/** The HTML part of a mail: one template, everything escaped, nothing loaded from elsewhere, readable in light and dark. */
import { escapeMarkup } from "../../model/markup.ts";
import type { Detail, Tone } from "../details.ts";

/** What a mail says, clipped and clean; nothing in it is escaped yet. */
export interface MailContent {
  readonly tone: Tone;
  readonly headline: string;
  /** Lines above the incidents. */
  readonly text: string;
  readonly incidents: readonly {
    /** Left out where the headline says it already. */
    readonly title: string;
    readonly message: string;
    readonly details: readonly Detail[];
    readonly links: readonly { readonly title: string; readonly url: string }[];
  }[];
  /** Incidents that are not shown. */
  readonly left: number;
  readonly footer: string;
}

const colours: Readonly<Record<Tone, string>> = {
  critical: "#c62828",
  warning: "#b45309",
  info: "#1565c0",
  good: "#2e7d32",
  neutral: "#546e7a",
};

/** Mail clients that know no media queries show the light one. */
const style = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 16px; background: #f3f4f6; color: #1f2937; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.card { max-width: 640px; margin: 0 auto; background: #ffffff; border-radius: 8px; overflow: hidden; }
.head { padding: 14px 20px; color: #ffffff; font-size: 18px; font-weight: 600; overflow-wrap: anywhere; }
.body { padding: 4px 20px 16px; overflow-wrap: anywhere; }
.item + .item { border-top: 1px solid #e5e7eb; }
h2 { margin: 16px 0 4px; font-size: 16px; }
p { margin: 12px 0; }
table { border-collapse: collapse; width: 100%; }
td { padding: 3px 12px 3px 0; vertical-align: top; }
td.name { color: #6b7280; width: 30%; }
a { color: #1d4ed8; }
a.button { display: inline-block; margin: 4px 8px 4px 0; padding: 7px 14px; border-radius: 6px; background: #1d4ed8; color: #ffffff; text-decoration: none; }
.foot { max-width: 640px; margin: 12px auto 0; color: #6b7280; font-size: 13px; text-align: center; }
@media (prefers-color-scheme: dark) {
  body { background: #111827; color: #e5e7eb; }
  .card { background: #1f2937; }
  .item + .item { border-color: #374151; }
  td.name, .foot { color: #9ca3af; }
  a { color: #93c5fd; }
  a.button { background: #2563eb; color: #ffffff; }
}`;

/** The document. */
export function htmlOf(content: MailContent): string {
  const { tone, headline, text, incidents, left, footer } = content;
  const items = incidents.map(itemOf).join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${escapeMarkup(headline)}</title><style>${style}</style></head>
<body><div class="card"><div class="head" style="background:${colours[tone]}">${escapeMarkup(headline)}</div>
<div class="body">${paragraph(text)}${items}${left > 0 ? paragraph(`and ${left} more`) : ""}</div></div>
<div class="foot">${escapeMarkup(footer)}</div></body></html>
`;
}

function itemOf({ title, message, details, links }: MailContent["incidents"][number]): string {
  const rows = details.map(
    ({ name, value }) =>
      `<tr><td class="name">${escapeMarkup(name)}</td><td>${escapeMarkup(value)}</td></tr>\n`,
  );
  const buttons = links.map(
    ({ title: label, url }) =>
      `<a class="button" href="${escapeMarkup(url)}">${escapeMarkup(label)}</a>\n`,
  );
  return [
    `<div class="item">`,
    title === "" ? "" : `<h2>${escapeMarkup(title)}</h2>\n`,
    paragraph(message),
    rows.length === 0 ? "" : `<table role="presentation">${rows.join("")}</table>\n`,
    buttons.length === 0 ? "" : `<p>${buttons.join("")}</p>\n`,
    `</div>`,
  ].join("");
}

function paragraph(text: string): string {
  return text === "" ? "" : `<p>${escapeMarkup(text).replaceAll("\n", "<br>\n")}</p>\n`;
}
