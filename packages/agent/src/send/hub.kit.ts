/**
 * A small hub over real HTTP for tests: strict about the protocol (method, path, headers, the batch and its hash), and
 * able to fail in every way a real one can. It remembers each sample it acknowledged by its time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import {
  batchLimits,
  decodeBatch,
  sampleBatchType,
  seriesHash,
  type BatchSeries,
  type DecodedBatch,
} from "@belfry/contract/sample-batch";

/** How a request is answered; `hang`: not at all, `cut`: the connection is closed without an answer. */
export type Manner =
  | "take"
  | "hang"
  | "cut"
  | "take and cut"
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

export interface Received {
  readonly batch: DecodedBatch;
  readonly bytes: number;
  readonly manner: Manner;
}

export class LittleHub implements AsyncDisposable {
  /** Decides about each batch. */
  manner: (batch: DecodedBatch) => Manner | Promise<Manner> = () => "take";
  /** Every batch that came, in order. */
  readonly received: Received[] = [];
  /** Time of a sample → values by series, and how often it was taken. */
  readonly samples = new Map<number, { values: Map<string, number>; times: number }>();
  readonly details: unknown[] = [];
  /** What broke the protocol. */
  readonly wrongs: string[] = [];
  readonly #lists = new Map<string, readonly BatchSeries[]>();
  readonly #key: string | null;
  #server = createServer();
  #port = 0;

  constructor(key: string | null = "secret") {
    this.#key = key;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; after a stop on the same port as before. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.wrongs.push(String(error)));
    });
    await new Promise<void>((resolve) =>
      this.#server.listen(this.#port, "127.0.0.1", () => resolve()),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Forgets all lists of series, as one does that lost its database. */
  forget(): void {
    this.#lists.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const expected = {
      method: "POST",
      path: "/api/v1/host-samples",
      type: sampleBatchType,
      encoding: "zstd",
      key: this.#key === null ? undefined : `Bearer ${this.#key}`,
    };
    const found = {
      method: request.method,
      path: request.url,
      type: request.headers["content-type"],
      encoding: request.headers["content-encoding"],
      key: request.headers.authorization,
    };
    if (JSON.stringify(found) !== JSON.stringify(expected)) this.#wrong(JSON.stringify(found));
    const decoded = decodeBatch(zstdDecompressSync(body), batchLimits);
    if (decoded.kind === "bad") {
      this.#wrong(decoded.message);
      return problem(response, 422, "invalid", decoded.message);
    }
    const batch = decoded.value;
    const manner = await this.manner(batch);
    this.received.push({ batch, bytes: body.length, manner });
    if (manner === "hang") return;
    if (manner === "cut") return void response.destroy();
    if (typeof manner === "object") {
      response.writeHead(manner.status, manner.headers).end(manner.body ?? "");
      return;
    }
    const series = this.#listOf(batch);
    if (series === undefined) return problem(response, 409, "unknown_series", "send the list");
    this.#take(batch, series);
    if (manner === "take and cut") return void response.destroy();
    response.writeHead(200, { "content-type": "application/json" }).end(
      JSON.stringify({
        host_id: "0",
        accepted: batch.times.length * batch.seriesCount,
        refused: 0,
        series_refused: 0,
      }),
    );
  }

  #listOf(batch: DecodedBatch): readonly BatchSeries[] | undefined {
    if (batch.series !== null) {
      if (seriesHash(batch.series, (text) => hash("sha256", text)) !== batch.seriesHash) {
        this.#wrong("a list that is not the one of its hash");
      }
      this.#lists.set(batch.seriesHash, batch.series);
    }
    return this.#lists.get(batch.seriesHash);
  }

  #take(batch: DecodedBatch, series: readonly BatchSeries[]): void {
    if (batch.details !== null) this.details.push(batch.details);
    for (const [t, time] of batch.times.entries()) {
      const values = new Map<string, number>();
      for (const [s, { name, labels }] of series.entries()) {
        const place = s * batch.times.length + t;
        if (batch.present?.[place] === 0) continue;
        values.set(`${name}${JSON.stringify(labels)}`, batch.values[place] ?? Number.NaN);
      }
      const before = this.samples.get(time);
      this.samples.set(time, { values, times: (before?.times ?? 0) + 1 });
    }
  }

  #wrong(what: string): void {
    this.wrongs.push(what);
  }
}

/** A problem document of the native API. */
export function problemBody(code: string, detail: string): string {
  return JSON.stringify({ type: "about:blank", title: "No", code, detail });
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  response
    .writeHead(status, { "content-type": "application/problem+json" })
    .end(problemBody(code, detail));
}

/** Starts a little hub. */
export async function startLittleHub(key: string | null = "secret"): Promise<LittleHub> {
  const hub = new LittleHub(key);
  await hub.start();
  return hub;
}
