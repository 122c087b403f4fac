/** Escapes in text that is sent: a form's one-line field cannot hold a line end. */

const escapePattern = /\\(?:([rnt0\\])|x([0-9a-fA-F]{2})|)/g;
const singles: Readonly<Record<string, string>> = {
  r: "\r",
  n: "\n",
  t: "\t",
  "0": "\0",
  "\\": "\\",
};

/** Text with `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` resolved, as UTF-8; undefined when an escape is none of these. */
export function unescape(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (const match of text.matchAll(escapePattern)) {
    const [whole, single, hex] = match;
    parts.push(Buffer.from(text.slice(at, match.index)));
    if (single !== undefined) parts.push(Buffer.from(singles[single] ?? ""));
    else if (hex !== undefined) parts.push(Buffer.from(hex, "hex"));
    else return undefined;
    at = match.index + whole.length;
  }
  parts.push(Buffer.from(text.slice(at)));
  return Buffer.concat(parts);
}
