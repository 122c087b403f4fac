/** One request to the hub: JSON out, JSON in, failures as values. */
import { parseFailure, type Reply } from "./failure.ts";

export interface Requester {
  /** `T` is what the hub's own schema of that route promises; page and hub are of one build. */
  ask<T>(method: Method, path: string, options?: AskOptions): Promise<Reply<T>>;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface AskOptions {
  readonly body?: unknown;
  /** The version that is to be changed. */
  readonly ifMatch?: number;
  readonly signal?: AbortSignal;
}

export interface RequestParts {
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** The token a session must send with every change; null without a session. */
  csrfToken(): string | null;
  /** Called when the hub asked for a key. */
  onUnauthenticated(): void;
}

/** The longest wait for an answer; a check tried from the form may take as long as its time limit, a replay minutes. */
const limitMs = 30_000;
const tryLimitMs = 620_000;

/** Makes the requester. */
export function createRequester(parts: RequestParts): Requester {
  return {
    async ask<T>(method: Method, path: string, options: AskOptions = {}): Promise<Reply<T>> {
      const limit = AbortSignal.timeout(/\/(test|check|replay)$/.test(path) ? tryLimitMs : limitMs);
      let status: number;
      let text: string;
      try {
        const response = await parts.fetch(path, {
          method,
          headers: headersOf(method, options, parts.csrfToken()),
          credentials: "same-origin",
          cache: "no-store",
          signal: options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]),
          ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        });
        status = response.status;
        text = await response.text();
      } catch {
        return { kind: "failed", failure: { kind: "unreachable" } };
      }
      if (status >= 200 && status < 300) return readBody<T>(status, text);
      if (status === 401) parts.onUnauthenticated();
      return { kind: "failed", failure: parseFailure(status, text) };
    },
  };
}

function headersOf(method: Method, options: AskOptions, csrf: string | null): HeadersInit {
  return {
    accept: "application/json",
    ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    ...(options.ifMatch === undefined ? {} : { "if-match": `"${options.ifMatch}"` }),
    ...(method === "GET" || csrf === null ? {} : { "x-csrf-token": csrf }),
  };
}

/**
 * Trusts that a 2xx body has the shape the route's schema promises: the hub checks every answer against it in its
 * tests, and serves these pages itself. Only that it is JSON at all is checked here (a proxy may have answered).
 */
function readBody<T>(status: number, text: string): Reply<T> {
  try {
    return { kind: "ok", value: (text === "" ? undefined : JSON.parse(text)) as T };
  } catch {
    return { kind: "failed", failure: parseFailure(status, "") };
  }
}
