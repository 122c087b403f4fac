/**
 * Docker's HTTP API over a unix socket, as far as it is read here; Podman speaks the same
 * (https://docs.docker.com/reference/api/engine/). Every request has a time limit and a bound for its answer, and few
 * are under way at once: an engine that is slow is waited for by nobody.
 */
import { Agent, request, type IncomingMessage } from "node:http";
import { codeOf } from "../small-file.ts";

/** Why an engine could not be asked. */
export type EngineTrouble = "permission_denied" | "timeout" | "not_running" | "unknown";

export class EngineFault extends Error {
  override readonly name = "EngineFault";
  readonly trouble: EngineTrouble;
  /** HTTP status; null: there was no answer. */
  readonly status: number | null;

  constructor(trouble: EngineTrouble, message: string, status: number | null = null) {
    super(message);
    this.trouble = trouble;
    this.status = status;
  }
}

export interface EngineAnswer {
  readonly body: unknown;
  readonly isPodman: boolean;
}

export interface EngineSettings {
  readonly socketPath: string;
  /** Ms for one request. */
  readonly timeoutMs: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Bytes of one answer. */
  readonly maxBytes: number;
}

export class Engine implements Disposable {
  readonly #settings: EngineSettings;
  readonly #agent: Agent;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
    this.#agent = new Agent({ keepAlive: true, maxSockets: settings.concurrency });
  }

  /** `GET path` as JSON. Fails with an `EngineFault`; `signal` gives it up as a time-out. */
  get(path: string, signal: AbortSignal): Promise<EngineAnswer> {
    const { socketPath, timeoutMs, maxBytes } = this.#settings;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath, path, agent: this.#agent, signal: limit, headers: { host: "localhost" } },
        (answer) => {
          readBody(answer, maxBytes)
            .then((body) => resolve(toAnswer(answer, body)))
            .catch((error: unknown) => reject(faultOf(error, limit)));
        },
      );
      sent.on("error", (error) => reject(faultOf(error, limit)));
      sent.end();
    });
  }

  /** Closes connections; what is under way fails. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      answer.destroy();
      throw new EngineFault("unknown", `expected at most ${maxBytes} bytes, found more`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function toAnswer(answer: IncomingMessage, body: string): EngineAnswer {
  const status = answer.statusCode ?? 0;
  if (status !== 200)
    throw new EngineFault("unknown", `expected status 200, found ${status}`, status);
  return { body: JSON.parse(body), isPodman: "libpod-api-version" in answer.headers };
}

function faultOf(error: unknown, limit: AbortSignal): EngineFault {
  if (error instanceof EngineFault) return error;
  if (limit.aborted) return new EngineFault("timeout", "the engine did not answer in time");
  switch (codeOf(error)) {
    case "EACCES":
    case "EPERM":
      return new EngineFault("permission_denied", "the engine's socket may not be used");
    case "ECONNREFUSED":
    case "ENOENT":
      return new EngineFault("not_running", "nobody listens at the engine's socket");
    default:
      return new EngineFault("unknown", error instanceof Error ? error.message : String(error));
  }
}
