/** A provider that does as a script says, and the kind of channel that reaches it. Strict: it notes all it is told. */
import { Type } from "typebox";
import type { Channel, ChannelKind, Sent, SendResult } from "../../model/channel-kind.ts";
import type { Notice } from "../../model/notice.ts";
import type { Victim } from "./victim.kit.ts";

/**
 * How it answers. `well`: it takes the notice. `cut`: it takes it, and the connection ends before its answer. `hang`: it takes
 * nothing and does not answer. `away`: it is not reached.
 */
export type Mood =
  | "well"
  | "cut"
  | "hang"
  | "away"
  | "error"
  | "wrong"
  | "refuse"
  | { readonly busySeconds: number };

/** One notice it took. */
export interface Taken {
  /** The name of the channel. */
  readonly channel: string;
  readonly notice: Notice;
  /** Its answer did not arrive: it may be told again. */
  readonly isCut: boolean;
  /** Epoch ms. */
  readonly at: number;
}

export class Provider {
  readonly taken: Taken[] = [];
  attempts = 0;
  /** Chooses how the next request is answered. */
  mood: (channel: string, attempt: number) => Mood = () => "well";
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The kind of channel by which a process reaches it; each step of a request is a point. */
  kindFor(victim: Victim): ChannelKind {
    return {
      kind: "scripted",
      title: "Scripted",
      schema: Type.Object({ name: Type.String(), wrong: Type.Boolean({ default: false }) }),
      secrets: [],
      limit: { notices: 1_000, perMs: 1_000 },
      parseSettings: (settings) => ({ kind: "ok", value: Object(settings) as object }),
      create: (settings) => this.#channel(settings, victim),
    };
  }

  #channel(settings: object, victim: Victim): Channel {
    const channel = String(Reflect.get(settings, "name"));
    const isWrong = Reflect.get(settings, "wrong") === true;
    return {
      send: async (notice, signal) => {
        this.attempts += 1;
        if (!victim.at("request: before")) return await never;
        const mood = isWrong ? "wrong" : this.mood(channel, this.attempts);
        if (mood === "hang") return await hanging(signal, victim);
        const isTaken = mood === "well" || mood === "cut";
        if (isTaken) this.taken.push({ channel, notice, isCut: mood === "cut", at: this.#now() });
        if (!victim.at("request: reached")) return await never;
        await Promise.resolve();
        if (!victim.at("request: answered")) return await never;
        return { result: resultOf(mood), exchange: { request: "POST", answer: "answer" } };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

/** What a process that is gone waits for. */
const never = new Promise<never>(() => undefined);

function hanging(signal: AbortSignal, victim: Victim): Promise<Sent> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      const result = { kind: "retry", why: "it was told to end" } as const;
      if (victim.at("request: given up")) resolve({ result, exchange: noExchange });
    });
  });
}

const noExchange = { request: "POST", answer: null };

function resultOf(mood: Exclude<Mood, "hang">): SendResult {
  if (typeof mood === "object") {
    return { kind: "retry", why: "HTTP 429", afterMs: mood.busySeconds * 1000 };
  }
  return results[mood];
}

const results = {
  well: { kind: "sent" },
  cut: { kind: "retry", why: "ECONNRESET: socket hang up" },
  away: { kind: "retry", why: "ECONNREFUSED" },
  error: { kind: "retry", why: "HTTP 500" },
  wrong: { kind: "misconfigured", why: "HTTP 404" },
  refuse: { kind: "refused", why: "HTTP 400" },
} as const satisfies Record<string, SendResult>;
