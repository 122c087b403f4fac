/** Settings of channel `email`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { pathOf, tlsFields, tlsProblems } from "../tls.ts";

/** `ada@example.org`; what could end a line or begin another address is no part of one. */
const address = "[^\\s@<>,;:\"'()\\[\\]\\\\]+@[^\\s@<>,;:\"'()\\[\\]\\\\]+";

const MailboxSchema = Type.String({
  maxLength: 320,
  pattern: `^(${address}|[^<>"\\\\\\x00-\\x1f\\x7f]* ?<${address}>)$`,
  expected: "an address such as ada@example.org or Ada <ada@example.org>",
});

/** As they are written. */
export const EmailSettingsSchema = Type.Object(
  {
    host: Type.String({
      title: "Server",
      minLength: 1,
      maxLength: 253,
      pattern: "^[A-Za-z0-9._:-]+$",
      expected: "a name or an address",
      description: "SMTP server that takes the mails",
    }),
    port: Type.Integer({ title: "Port", minimum: 1, maximum: 65_535, default: 587 }),
    security: Type.Enum(["starttls", "starttls_if_offered", "tls", "none"], {
      title: "Encryption",
      default: "starttls",
      description:
        "starttls: required (usually port 587); starttls_if_offered: whoever is on the way can prevent it; tls: from the first byte (usually port 465); none: everything can be read on the way",
    }),
    username: Type.Optional(Type.String({ title: "User", minLength: 1, maxLength: 500 })),
    password: Type.Optional(Type.String({ title: "Password", minLength: 1, maxLength: 2_000 })),
    from: Type.String({ ...MailboxSchema, title: "From" }),
    to: Type.Array(MailboxSchema, { title: "To", minItems: 1, maxItems: 100 }),
    cc: Type.Array(MailboxSchema, { title: "Copies to", maxItems: 100, default: [] }),
    reply_to: Type.Optional(Type.String({ ...MailboxSchema, title: "Answers to" })),
    ehlo_name: Type.Optional(
      Type.String({
        title: "Own name",
        maxLength: 253,
        pattern: "^[A-Za-z0-9.-]+$|^\\[[0-9A-Fa-f.:IPv]+\\]$",
        expected: "a name of a machine, or an address in brackets",
        description: "Told to the server as EHLO; left out: the name of this machine",
      }),
    ),
    ...tlsFields,
  },
  { additionalProperties: false },
);

export type EmailSettings = Static<typeof EmailSettingsSchema>;

const parse = createParser(EmailSettingsSchema);

/** Checks settings. */
export function parseEmailSettings(settings: unknown, at = ""): Parsed<EmailSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { username, password, ca } = parsed.value;
  const problems: Problem[] = [...tlsProblems(ca === undefined ? {} : { ca }, at)];
  if (username !== undefined && password === undefined) {
    problems.push({ path: pathOf(at, "password"), message: "is required" });
  }
  if (password !== undefined && username === undefined) {
    problems.push({ path: pathOf(at, "username"), message: "is required" });
  }
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}
