/** A provider over HTTP for tests of channels: its rules are the test's, its moods are alike for all. */
import {
  startStrictServer,
  type GivenAnswer,
  type TakenRequest,
} from "../../../relay/src/sinks/http/strict-server.kit.ts";
import type { ChannelFixture, ProviderMood } from "./channel.contract.ts";

/** Thrown by a rule that a request breaks; the provider answers with it. */
export class RuleBroken extends Error {
  readonly answer: GivenAnswer;
  constructor(message: string, answer: GivenAnswer) {
    super(message);
    this.answer = answer;
  }
}

export interface ProviderRules {
  /** Takes a request, or throws `RuleBroken` with the provider's answer. */
  readonly take: (request: TakenRequest) => GivenAnswer;
  /** How it says that it fails, is busy, and will never take this one. */
  readonly error: GivenAnswer;
  readonly busy: (seconds: number) => GivenAnswer;
  readonly refusal: GivenAnswer;
}

export interface Provider extends Pick<
  ChannelFixture,
  "away" | "behave" | "faults" | typeof Symbol.asyncDispose
> {
  readonly url: string;
  readonly requests: readonly TakenRequest[];
}

/** Starts it on loopback. Every broken rule is a fault. */
export async function startProvider(rules: ProviderRules): Promise<Provider> {
  const faults: string[] = [];
  let mood: ProviderMood = { kind: "well" };

  const server = await startStrictServer((request) => {
    if (mood.kind === "error") return rules.error;
    if (mood.kind === "busy") return rules.busy(mood.seconds);
    if (mood.kind === "refuse") return rules.refusal;
    try {
      return rules.take(request);
    } catch (error) {
      faults.push(String(error));
      if (error instanceof RuleBroken) return error.answer;
      return { status: 500, body: String(error) };
    }
  });
  return {
    url: server.url,
    requests: server.requests,
    away: server.away,
    faults: () => faults,
    behave(next) {
      mood = next;
      if (next.kind === "hang") void server.hang();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** One that answers everything alike. */
export function startAnswering(answer: GivenAnswer): Promise<Provider> {
  return startProvider({ take: () => answer, error: answer, busy: () => answer, refusal: answer });
}

/** An answer with JSON. */
export function jsonAnswer(status: number, value: unknown): GivenAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}

/** The JSON of a request, which must say that it is some and be well formed in every text. */
export function jsonOf(request: TakenRequest, otherwise: GivenAnswer): unknown {
  const type = String(request.headers["content-type"] ?? "");
  if (!/^application\/json(;|$)/.test(type))
    throw new RuleBroken(`content type ${type}`, otherwise);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(request.body);
  if (/\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])/.test(text)) {
    throw new RuleBroken("half a character", otherwise);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new RuleBroken(`no JSON: ${text.slice(0, 200)}`, otherwise);
  }
}
