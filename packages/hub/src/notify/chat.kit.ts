/** What fakes of chats with webhooks share: who is let in, what people read, and all that breaks a rule at once. */
import type { GivenAnswer, TakenRequest } from "../../../relay/src/sinks/http/strict-server.kit.ts";
import type { ChannelFixture } from "./channel.contract.ts";
import {
  jsonOf,
  RuleBroken,
  startProvider,
  type Provider,
  type ProviderRules,
} from "./provider.kit.ts";

export type Json = Readonly<Record<string, unknown>>;
export type Chat = Provider & Pick<ChannelFixture, "received">;

export interface ChatRules extends Omit<ProviderRules, "take"> {
  /** Answers a request that is not let in (another path, a wrong secret); undefined: go on. */
  readonly admit: (request: TakenRequest) => GivenAnswer | undefined;
  /** The text of a message as people read it; what breaks a published rule is added to `faults`. */
  readonly read: (message: Json, faults: string[]) => string;
  /** Answers to a message that was taken, and to one that breaks rules. */
  readonly taken: GivenAnswer;
  readonly faulty: GivenAnswer;
}

/** Starts it on a free port of loopback. */
export async function startChat(rules: ChatRules): Promise<Chat> {
  const texts: string[] = [];
  const provider = await startProvider({
    ...rules,
    take(request) {
      const unwanted = rules.admit(request);
      if (unwanted !== undefined) return unwanted;
      const faults: string[] = [];
      const text = rules.read(objectOf(jsonOf(request, rules.faulty)), faults);
      if (faults.length > 0) throw new RuleBroken(faults.join("; "), rules.faulty);
      texts.push(text);
      return rules.taken;
    },
  });
  return { ...provider, received: () => Promise.resolve(texts) };
}

/** A chat that gives one answer to everything. */
export function startAnswering(answer: GivenAnswer): Promise<Chat> {
  return startChat({
    admit: () => answer,
    read: () => "",
    taken: answer,
    faulty: answer,
    error: answer,
    refusal: answer,
    busy: () => answer,
  });
}

/** Adds keys that are not among those that are known. */
export function knows(object: Json, keys: readonly string[], faults: string[]): void {
  for (const key of Object.keys(object)) if (!keys.includes(key)) faults.push(`key ${key}`);
}

/** A text of 1 to `most` characters; whatever else it is, is a fault. */
export function limited(value: unknown, most: number, faults: string[], what = "text"): string {
  if (typeof value !== "string") faults.push(`${what} is ${typeof value}`);
  const text = String(value);
  if (text.trim().length === 0) faults.push(`${what} is empty`);
  if (text.length > most) faults.push(`${what} has ${text.length} of ${most} characters`);
  return text;
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
