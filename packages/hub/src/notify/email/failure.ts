/** What an error of SMTP means for a notice: RFC 5321 section 4.2, RFC 4954 section 6. */
import type { SendResult } from "../../model/channel-kind.ts";
import { oneLine } from "../plain.ts";
import { RefusedAddress } from "./dial.ts";

/** Servers that say "later" mean minutes; mails that wait longer than half of one are late. */
const laterMs = 30_000;

/** Codes that no other mail would be spared: encryption or a log-in is required, or the log-in is wrong. */
const settingCodes: readonly number[] = [502, 503, 504, 521, 523, 530, 534, 535, 538];

/** What nodemailer tells of an error; everything is optional. */
interface MailFault {
  readonly code: string;
  /** The server's code; 0: it did not answer. */
  readonly reply: number;
  readonly command: string;
  readonly message: string;
}

/** What became of the notice. Texts may hold secrets yet. */
export function resultOfError(error: unknown): SendResult {
  const { code, reply, command, message } = faultOf(error);
  const why = oneLine(message).slice(0, 500) || "the connection failed";
  if (error instanceof RefusedAddress) return { kind: "misconfigured", why };
  if (reply >= 400 && reply < 500) return { kind: "retry", why, afterMs: laterMs };
  if (code === "EAUTH" || code === "ENOAUTH" || code === "ECONFIG") {
    return { kind: "misconfigured", why };
  }
  if (code === "ETLS" || isCertificate(message)) return { kind: "misconfigured", why };
  // Whom it takes no mail from, or no connection at all, it takes nothing from.
  const isSender = command === "MAIL FROM" || command === "CONN" || command === "EHLO";
  if (reply >= 500 && (settingCodes.includes(reply) || (isSender && reply !== 552))) {
    return { kind: "misconfigured", why };
  }
  if (code === "EENVELOPE" || code === "EMESSAGE") return { kind: "refused", why };
  return { kind: "retry", why };
}

function faultOf(error: unknown): MailFault {
  if (!(error instanceof Error)) return { code: "", reply: 0, command: "", message: String(error) };
  const text = (key: string): string => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === "string" ? value : "";
  };
  const given: unknown = Reflect.get(error, "responseCode");
  const reply =
    typeof given === "number" ? given : Number(/^\d{3}/.exec(text("response"))?.[0] ?? 0);
  return { code: text("code"), reply, command: text("command"), message: error.message };
}

/** As Node and OpenSSL put it. */
function isCertificate(message: string): boolean {
  return /certificate|self.signed|unable to (get|verify)|altnames/i.test(message);
}
