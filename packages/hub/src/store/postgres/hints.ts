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
import { hintChannel, parseHintPayload } from "../hint-payload.ts";
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

/** Begins to listen. */
export class HintReceiver implements AsyncDisposable {
  readonly #parts: HintParts;
  readonly #times: HintTimes;
  readonly #running: Promise<void>;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  #last: "lost" | "heard" | null = null;

  constructor(parts: HintParts) {
    this.#parts = parts;
    this.#times = parts.times ?? usual;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#over.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { firstPauseMs, longestPauseMs } = this.#times;
    let pauseMs = firstPauseMs;
    for (;;) {
      const wasHeard = await this.#listen();
      if (this.#isOver) return;
      this.#say("lost");
      if (wasHeard) pauseMs = firstPauseMs;
      await this.#within(pauseMs, this.#over.promise);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  #say(state: "lost" | "heard"): void {
    if (this.#last === state) return;
    this.#last = state;
    this.#parts.tell(state);
  }

  /** Listens until it hears nothing any more; says whether it ever did. */
  async #listen(): Promise<boolean> {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: this.#parts.url,
      application_name: "belfry",
      keepAlive: true,
      connectionTimeoutMillis: this.#times.echoWithinMs,
      query_timeout: this.#times.echoWithinMs,
      stream: () => socket,
    });
    const broken = Promise.withResolvers<void>();
    client.on("error", () => broken.resolve());
    client.on("end", () => broken.resolve());
    void this.#over.promise.then(() => broken.resolve());
    const self = randomUUID();
    let echo = Promise.withResolvers<void>();
    client.on("notification", ({ payload }) => {
      const { sender, topics } = parseHintPayload(payload ?? "");
      if (sender === self) echo.resolve();
      else if (topics.length > 0) this.#parts.tell({ sender, topics });
    });
    let wasHeard = false;
    try {
      await client.connect();
      const channel = await this.#channel();
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      for (;;) {
        echo = Promise.withResolvers<void>();
        await sql`select pg_notify(${channel}, ${self})`.execute(this.#parts.db);
        const first = await this.#within(
          this.#times.echoWithinMs,
          Promise.race([echo.promise.then(() => "echo"), broken.promise]),
        );
        if (first !== "echo") return wasHeard;
        wasHeard = true;
        this.#say("heard");
        const pause = this.#within(
          this.#times.beatEveryMs,
          broken.promise.then(() => "broken"),
        );
        if ((await pause) === "broken") return wasHeard;
      }
    } catch {
      return wasHeard;
    } finally {
      // A connection that was cut without a word would wait for an answer to its farewell.
      client.end().catch(() => undefined);
      socket.destroy();
    }
  }

  async #channel(): Promise<string> {
    const { rows } = await sql<{ channel: string }>`select ${hintChannel} as channel`.execute(
      this.#parts.db,
    );
    return rows[0]?.channel ?? "belfry";
  }

  /** What the promise comes to, or undefined after so long. */
  async #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), ms);
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
