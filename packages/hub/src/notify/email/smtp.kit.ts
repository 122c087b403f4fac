/**
 * A mail server for tests: `smtp-server`, which is a real one, with STARTTLS, a log-in and a limit of size. What arrives is
 * taken apart and checked by RFC 5322 and RFC 2045: lengths of lines, headers that may stand once, nothing but ASCII on the
 * wire, no header that nobody asked for.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { certificate } from "../../probe/probe.kit.ts";
import type { ChannelFixture, ProviderMood } from "../channel.contract.ts";

export const user = "belfry";
export const password = "right-password-of-belfry";

/** A mail as it arrived, decoded. */
export interface ArrivedMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** By name in lower case; values unfolded and decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
  readonly isEncrypted: boolean;
}

export interface MailServer extends Pick<
  ChannelFixture,
  "behave" | "away" | "faults" | typeof Symbol.asyncDispose
> {
  readonly port: number;
  readonly mails: readonly ArrivedMail[];
  /** Reply to the commands that name these addresses. */
  readonly replies: Map<string, number>;
}

const knownHeaders = new Set(
  "from to cc reply-to subject date message-id in-reply-to references auto-submitted x-auto-response-suppress list-id x-belfry-notice x-belfry-severity mime-version content-type content-transfer-encoding".split(
    " ",
  ),
);

/** Starts it on a free port of loopback. */
export async function startMailServer(over: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ArrivedMail[] = [];
  const faults: string[] = [];
  const replies = new Map<string, number>();
  let mood: ProviderMood = { kind: "well" };
  let port = 0;
  let server: SMTPServer | undefined;

  const moodReply = (): number | undefined => {
    if (mood.kind === "busy") return 450;
    return mood.kind === "refuse" ? 550 : undefined;
  };
  const options: SMTPServerOptions = {
    ...certificate("good"),
    authMethods: ["PLAIN", "LOGIN"],
    size: 1024 * 1024,
    closeTimeout: 50,
    disableReverseLookup: true,
    logger: false,
    onConnect(_session, done) {
      if (mood.kind !== "hang") done();
    },
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) return done(null, { user });
      done(refusal(535, `5.7.8 no: ${String(auth.password)}`));
    },
    onMailFrom({ address }, _session, done) {
      done(refusalOf(replies.get(address)));
    },
    onRcptTo({ address }, _session, done) {
      done(refusalOf(moodReply() ?? replies.get(address)));
    },
    onData(stream, session, done) {
      buffer(stream).then(
        (bytes) => {
          if (mood.kind === "error") return done(refusal(451, "4.3.0 disk full"));
          if (stream.sizeExceeded) return done(refusal(552, "5.3.4 too large"));
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            sender: mailFrom === false ? "" : mailFrom.address,
            recipients: rcptTo.map(({ address }) => address),
            isEncrypted: session.secure,
            ...readMail(bytes, faults),
          });
          done(null, "queued as 1");
        },
        (error: unknown) => done(refusal(451, String(error))),
      );
    },
    ...over,
  };

  async function listen(): Promise<void> {
    server = new SMTPServer(options);
    server.on("error", () => undefined);
    server.listen(port, "127.0.0.1");
    await once(server.server, "listening");
    ({ port } = server.server.address() as AddressInfo);
  }

  async function close(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    // Its own timer does not keep the process alive until the sessions that hang are cut off.
    const alive = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => {
      closing.close(() => resolve());
    });
    clearInterval(alive);
  }

  await listen();
  return {
    port,
    mails,
    replies,
    faults: () => faults,
    away: { begin: close, end: listen },
    behave(next) {
      mood = next;
    },
    [Symbol.asyncDispose]: close,
  };
}

function refusalOf(code: number | undefined): Error | null {
  return code === undefined ? null : refusal(code, "as it was told");
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

type Parts = Pick<ArrivedMail, "headers" | "text" | "html">;

function readMail(bytes: Buffer, faults: string[]): Parts {
  const raw = bytes.toString("latin1");
  const lines = raw.split("\r\n");
  if (lines.some((line) => /[\r\n]/.test(line))) faults.push("a line end alone");
  if (lines.some((line) => line.length > 998)) faults.push("a line above 998 bytes");
  // oxlint-disable-next-line no-control-regex -- what may be on the wire
  if (/[^\t\r\n\x20-\x7e]/.test(raw)) faults.push("a byte that is not printable ASCII");
  const { headers, body } = entityOf(raw);
  const names = [...raw.slice(0, raw.indexOf("\r\n\r\n")).matchAll(/^([^\s:]+):/gm)].map((found) =>
    String(found[1]).toLowerCase(),
  );
  for (const name of names) if (!knownHeaders.has(name)) faults.push(`header ${name}`);
  if (new Set(names).size !== names.length) faults.push("a header twice");
  for (const name of ["from", "to", "subject", "date", "message-id", "mime-version"]) {
    if (!headers.has(name)) faults.push(`no header ${name}`);
  }
  const type = headers.get("content-type") ?? "";
  const boundary = /^multipart\/alternative;.*boundary="([^"]+)"/.exec(type)?.[1];
  if (boundary === undefined) faults.push(`content type ${type}`);
  const parts = body.split(`--${boundary}`).slice(1, -1).map(entityOf);
  return { headers, text: partOf(parts, "text/plain"), html: partOf(parts, "text/html") };
}

interface Entity {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function entityOf(raw: string): Entity {
  const text = raw.replace(/^\r\n/, "");
  const end = text.indexOf("\r\n\r\n");
  const unfolded = text.slice(0, end).replace(/\r\n[\t ]+/g, " ");
  const headers = unfolded.split("\r\n").map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), wordsOf(line.slice(colon + 1).trim())];
  });
  return { headers: new Map(headers), body: text.slice(end + 4) };
}

function partOf(parts: readonly Entity[], type: string): string {
  const part = parts.find(({ headers }) => headers.get("content-type")?.startsWith(type));
  if (part === undefined) return "";
  const encoding = part.headers.get("content-transfer-encoding");
  if (encoding === "base64") return Buffer.from(part.body, "base64").toString();
  const plain = encoding === "quoted-printable" ? unquoted(part.body) : part.body;
  return Buffer.from(plain, "latin1").toString().replaceAll("\r\n", "\n");
}

/** Quoted-printable (RFC 2045 section 6.7) as bytes in Latin-1. */
function unquoted(text: string): string {
  return text
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/** Encoded words (RFC 2047). */
function wordsOf(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_all, kind: string, word: string) => {
      const isBase64 = kind.toUpperCase() === "B";
      const bytes = isBase64
        ? Buffer.from(word, "base64")
        : Buffer.from(unquoted(word.replaceAll("_", " ")), "latin1");
      return bytes.toString();
    });
}
