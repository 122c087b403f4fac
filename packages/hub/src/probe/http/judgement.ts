/** Judges an answer that arrived whole: its status, then the assertions in order. */
import type { Json } from "@belfry/contract";
import type { Deadline } from "../deadline.ts";
import { failed, faultOf, type Attempt, type Fault } from "../fault.ts";
import type { PatternMatcher } from "../pattern-matcher.ts";
import type { AnswerReader } from "./answer-reader.ts";
import type { AssertedAnswer, Assertion } from "./assertion.ts";
import { textOf, unpack } from "./content.ts";
import { fieldOf, type Head } from "./head.ts";

/** Assertions look at so much of a body, in characters: enough for a page, and bounded in time. */
const mostText = 1_048_576;

export interface Expectations {
  readonly isAccepted: (status: number) => boolean;
  /** As in the settings, for messages. */
  readonly accepted: readonly string[];
  readonly assertions: readonly Assertion[];
  /** The most bytes a body may unpack to. */
  readonly bodyLimitBytes: number;
}

export interface Judged {
  readonly responseMs: number;
  readonly certificateDays: number | null;
}

/** The first thing wrong with an answer, null when nothing is. */
export async function judgeAnswer(
  reader: AnswerReader,
  head: Head,
  expected: Expectations,
  judged: Judged,
  deadline: Deadline,
  patterns: PatternMatcher,
): Promise<Fault | null> {
  if (!expected.isAccepted(head.status)) {
    const list = expected.accepted.join(", ");
    return faultOf("status", `status ${head.status}, expected ${list}`);
  }
  if (expected.assertions.length === 0) return null;
  const answer = assertedAnswer(reader, head, expected, judged, deadline, patterns);
  for (const assertion of expected.assertions) {
    const fault = await assertion(answer);
    if (fault !== null) return fault;
  }
  return null;
}

function assertedAnswer(
  reader: AnswerReader,
  head: Head,
  expected: Expectations,
  judged: Judged,
  deadline: Deadline,
  patterns: PatternMatcher,
): AssertedAnswer {
  let text: Promise<Attempt<BodyText>> | undefined;
  let json: Attempt<Json> | undefined;
  const whole = (): Promise<Attempt<BodyText>> =>
    (text ??= bodyText(reader, head, expected.bodyLimitBytes, deadline));
  return {
    status: head.status,
    field: (name) => fieldOf(head, name),
    responseMs: judged.responseMs,
    certificateDays: judged.certificateDays,
    async text() {
      const body = await whole();
      return body.kind === "fault" ? body : { kind: "ok", value: body.value.text };
    },
    async json() {
      const body = await whole();
      if (body.kind === "fault") return body;
      return (json ??= parseBody(body.value));
    },
    matches: (pattern, found) => patterns.matches(pattern, found, deadline),
  };
}

interface BodyText {
  readonly text: string;
  readonly isCut: boolean;
}

async function bodyText(
  reader: AnswerReader,
  head: Head,
  limitBytes: number,
  deadline: Deadline,
): Promise<Attempt<BodyText>> {
  const encoding = fieldOf(head, "content-encoding");
  const unpacked = await unpack(Buffer.concat(reader.kept), encoding, limitBytes, deadline);
  if (unpacked.kind === "fault") return unpacked;
  // Four bytes are the most a character takes in any of the usual encodings.
  const bytes = unpacked.value.subarray(0, mostText * 4);
  const text = textOf(bytes, fieldOf(head, "content-type"));
  const isCut = text.length > mostText || bytes.length < unpacked.value.length;
  return { kind: "ok", value: { text: text.slice(0, mostText), isCut } };
}

function parseBody({ text, isCut }: BodyText): Attempt<Json> {
  if (isCut) {
    const message = `the body is longer than the ${mostText} characters that JSON is read of`;
    return failed(faultOf("too_large", message));
  }
  try {
    return { kind: "ok", value: parseJson(text) };
  } catch {
    return failed(faultOf("assertion", "the body is not JSON"));
  }
}

/** Guarantee: `JSON.parse` gives JSON values only. */
function parseJson(text: string): Json {
  return JSON.parse(text) as Json;
}
