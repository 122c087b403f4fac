/**
 * Listens to what other processes on the database say. A connection of its own does nothing but `LISTEN`; a sign of
 * life goes out over another one every few seconds and must come back on it, so that a connection that was cut without
 * a word is noticed, and also that nothing comes through (a pooler that hands out connections by the transaction).
 *
 * States: connecting → listening (the first sign of life came back: `heard`) → `lost` (the connection ended, or a sign of
 * life did not come back) → connecting, after a pause that grows.
 */
import { randomUUID } from "node:crypto";
import { Socket } from "node:net";
import { sql, type Kysely } from "kysely";
import pg from "pg";
import { hintChannel } from "../hint-channel.ts";
import { parseHintPayload } from "../hint-payload.ts";
import type { HintListener } from "../thread/messages.ts";

export interface HintParts {
  readonly url: string;
  /** Over which signs of life are sent; must not be the connection that listens. */
  readonly db: Kysely<unknown>;
  readonly tell: HintListener;
  /** Shorter in tests. */
  readonly times?: HintTimes;
}

/** In ms. */
export interface HintTimes {
  readonly beatEveryMs: number;
  /** A sign of life that is not back by then is lost. */
  readonly echoWithinMs: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

const usual: HintTimes = {
  beatEveryMs: 10_000,
  echoWithinMs: 5_000,
  firstPauseMs: 250,
  longestPauseMs: 30_000,
};

/** Listens from when it is made until it is disposed of. */
export class HintReceiver implements AsyncDisposable {
  readonly #parts: HintParts;
  readonly #times: HintTimes;
  readonly #running: Promise<void>;
  #isOver = false;
  #last: "lost" | "heard" | null = null;
  /** Ends the pause there is. */
  #wake: () => void = () => undefined;

  constructor(parts: HintParts) {
    this.#parts = parts;
    this.#times = parts.times ?? usual;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { firstPauseMs, longestPauseMs } = this.#times;
    let pauseMs = firstPauseMs;
    while (!this.#isOver) {
      const wasHeard = await this.#listen();
      if (this.#isOver) return;
      this.#say("lost");
      if (wasHeard) pauseMs = firstPauseMs;
      await this.#pause(pauseMs, () => false);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  #say(state: "lost" | "heard"): void {
    if (this.#last === state) return;
    this.#last = state;
    this.#parts.tell(state);
  }

  /** Listens until nothing is heard any more; says whether anything ever was. */
  async #listen(): Promise<boolean> {
    const { beatEveryMs, echoWithinMs } = this.#times;
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#parts.url,
      application_name: "belfry",
      keepAlive: true,
      connectionTimeoutMillis: echoWithinMs,
      query_timeout: echoWithinMs,
      stream: () => socket,
    });
    let isBroken = false;
    let isHeard = false;
    let wasHeard = false;
    const onEnd = (): void => {
      isBroken = true;
      this.#wake();
    };
    client.on("error", onEnd);
    client.on("end", onEnd);
    const self = randomUUID();
    client.on("notification", ({ payload }) => {
      const { sender, topics } = parseHintPayload(payload ?? "");
      if (sender === self) {
        isHeard = true;
        this.#wake();
      } else if (topics.length > 0) this.#parts.tell({ sender, topics });
    });
    try {
      await client.connect();
      const channel = await this.#channel();
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      while (!isBroken && !this.#isOver) {
        isHeard = false;
        await sql`select pg_notify(${channel}, ${self})`.execute(this.#parts.db);
        await this.#pause(echoWithinMs, () => isHeard || isBroken);
        if (!isHeard) break;
        wasHeard = true;
        this.#say("heard");
        await this.#pause(beatEveryMs, () => isBroken);
      }
    } catch {
      // The server is away, or refuses: the next try is after a pause, and `lost` is told meanwhile.
    } finally {
      // A connection that was cut without a word would wait for an answer to its farewell.
      client.end().catch(() => undefined);
      socket.destroy();
    }
    return wasHeard;
  }

  async #channel(): Promise<string> {
    const { rows } = await sql<{ channel: string }>`select ${hintChannel} as channel`.execute(
      this.#parts.db,
    );
    return rows[0]?.channel ?? "belfry";
  }

  /** Waits for so long, or until it is woken and something is so. */
  async #pause(ms: number, isDone: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = () => {
      if (isDone() || this.#isOver) resolve();
    };
    // It may have come before anybody waited for it.
    this.#wake();
    await promise;
    clearTimeout(timer);
  }
}
