/**
 * The page behind a link of a notice: a few lines and at most one button, without scripts and without anything from
 * elsewhere, so that it works on any telephone and in the browser within a chat.
 */
import { createHash } from "node:crypto";
import { escapeMarkup } from "../../model/markup.ts";

export interface LinkPage {
  readonly title: string;
  /** Paragraphs of plain text. */
  readonly lines: readonly string[];
  /** What the button says; it sends a POST to the page's own address. null: there is nothing to do. */
  readonly button: string | null;
  /** Path of the incident on the dashboard; null: not known. */
  readonly page: string | null;
}

const style = `:root{color-scheme:light dark}
body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto 0;padding:0 1.25rem}
h1{font-size:1.35rem;line-height:1.3;overflow-wrap:anywhere}
p{overflow-wrap:anywhere}
button{font:inherit;font-weight:600;padding:.7rem 1.4rem;border:1px solid;border-radius:.5rem;cursor:pointer}`;

const styleHash = createHash("sha256").update(style).digest("base64");

/** No scripts, no style but the page's own, and a form that sends to the page itself. */
export const linkPageHeaders = {
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; ` +
    "frame-ancestors 'none'",
  "content-type": "text/html; charset=utf-8",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex, nofollow",
} as const;

/** The page as HTML; texts may be hostile. */
export function linkPageHtml({ title, lines, button, page }: LinkPage): string {
  const paragraphs = lines
    .filter((line) => line !== "")
    .map((line) => `<p>${escapeMarkup(line)}</p>`);
  const form =
    button === null ? "" : `<form method="post"><button>${escapeMarkup(button)}</button></form>`;
  const link = page === null ? "" : `<p><a href="${escapeMarkup(page)}">Open in Belfry</a></p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)} · Belfry</title>
<style>${style}</style>
<main>
<h1>${escapeMarkup(title)}</h1>
${[...paragraphs, form, link].filter((part) => part !== "").join("\n")}
</main>
</html>
`;
}
