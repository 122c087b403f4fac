/** Text of a target made fit to be kept and shown: without our secrets, without control characters, cut. */

const mask = "•••";
/** Shorter texts are too common to be taken for a secret that came back. */
const leastSecretLength = 4;

/** Takes secrets out of text. */
export type Redactor = (text: string) => string;

/** Makes a redactor for the secrets of one monitor. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = secrets
    .filter((secret) => secret.length >= leastSecretLength)
    .toSorted((a, b) => b.length - a.length);
  return (text) => known.reduce((clean, secret) => clean.replaceAll(secret, mask), text);
}

/** Replaces control characters but line ends and tabs, and half surrogate pairs, by U+FFFD; cuts to `length`. */
export function printable(text: string, length: number): string {
  const cut = text.length > length ? text.slice(0, length) : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return cut.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\ufffd");
}
