/** Channel `email`: mails by SMTP (RFC 5321), with text and HTML. */
import { getCACertificates, type ConnectionOptions } from "node:tls";
import { withoutSecrets } from "@belfry/relay/http";
import { createTransport, type SMTPSentMessageInfo, type SMTPTransportOptions } from "nodemailer";
import type { Channel, ChannelKind, ChannelParts, Sent } from "../../model/channel-kind.ts";
import { dialMailServer } from "./dial.ts";
import { resultOfError } from "./failure.ts";
import { emailMessage, type EmailMessage } from "./message.ts";
import { EmailSettingsSchema, parseEmailSettings, type EmailSettings } from "./settings.ts";

/** How long a mail may take, from dialling to the server's last word, ms. */
const timeoutMs = 60_000;
/** How long the server may be silent, ms. */
const silenceMs = 15_000;
const longestLogged = 4_000;

export const emailKind: ChannelKind = {
  kind: "email",
  title: "E-mail",
  schema: EmailSettingsSchema,
  secrets: ["password"],
  limit: { notices: 30, perMs: 60_000 },
  parseSettings: parseEmailSettings,
  create: (settings, parts) => createEmailChannel(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): EmailSettings {
  return settings as EmailSettings;
}

/** Each mail has a connection of its own: notices are few, and servers close what is idle. */
function createEmailChannel(settings: EmailSettings, parts: ChannelParts): Channel {
  const secrets = settings.password === undefined ? [] : [settings.password];
  const clean = (text: string): string => withoutSecrets(text, secrets).slice(0, longestLogged);
  return {
    async send(notice, signal): Promise<Sent> {
      const message = emailMessage(notice, settings);
      const request = clean(requestText(message, settings));
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const info = await sendMail(message, settings, parts, limit);
        return { result: { kind: "sent" }, exchange: { request, answer: clean(answerText(info)) } };
      } catch (error) {
        const result = resultOfError(error);
        const told = result.kind === "sent" ? result : { ...result, why: clean(result.why) };
        const answer = error instanceof Error ? responseOf(error) : undefined;
        return { result: told, exchange: { request, answer: answer ? clean(answer) : null } };
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function sendMail(
  message: EmailMessage,
  settings: EmailSettings,
  { refuseAddress }: ChannelParts,
  signal: AbortSignal,
): Promise<SMTPSentMessageInfo> {
  const transport = createTransport({
    ...transportOptions(settings),
    getSocket(_options, callback) {
      dialMailServer(settings, refuseAddress, signal).then(
        (connection) => callback(null, { connection }),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  try {
    const { to, cc, ...rest } = message;
    return await transport.sendMail({ ...rest, to: [...to], cc: [...cc], signal });
  } finally {
    transport.close();
  }
}

function transportOptions(settings: EmailSettings): SMTPTransportOptions {
  const { host, port, security, username, password, ehlo_name } = settings;
  return {
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(username === undefined || password === undefined
      ? {}
      : { auth: { user: username, pass: password } }),
    ...(ehlo_name === undefined ? {} : { name: ehlo_name }),
    tls: tlsOptions(settings),
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function tlsOptions({ verify_tls, ca }: EmailSettings): ConnectionOptions {
  return {
    rejectUnauthorized: verify_tls,
    ...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] }),
  };
}

function requestText(message: EmailMessage, { host, port }: EmailSettings): string {
  const { from, to, cc, subject, messageId, text } = message;
  const copies = cc.length === 0 ? [] : [`Cc: ${cc.join(", ")}`];
  const head = [`From: ${from}`, `To: ${to.join(", ")}`, ...copies];
  const lines = [
    `SMTP ${host}:${port}`,
    ...head,
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
  ];
  return `${lines.join("\n")}\n\n${text}`;
}

/** The server's last word, and whom it refused while others were taken. */
function answerText({ response, rejected, rejectedErrors }: SMTPSentMessageInfo): string {
  const refused = rejected.map((address, i) => {
    const why = rejectedErrors?.[i]?.response ?? "";
    return `refused ${address}: ${why}`;
  });
  return [response, ...refused].join("\n");
}

function responseOf(error: Error): string | undefined {
  const response: unknown = Reflect.get(error, "response");
  return typeof response === "string" ? response : undefined;
}
