/** Requests to one destination. */
import { readFileSync } from "node:fs";
import { createHttpClient, type HttpClient } from "../sinks/http/http-client.ts";
import { readAnswer, type Answer } from "./answer.ts";
import type { RemoteWriteSettings, SecretSource } from "./settings.ts";

export interface Writer extends Disposable {
  /** Sends a body; never rejects. Ends soon after the signal. */
  write(body: Uint8Array, signal: AbortSignal): Promise<Answer>;
}

/**
 * Makes one. Files with secrets are read anew for every request, so a secret can be exchanged while the hub runs; one that
 * cannot be read is a wrong setting.
 */
export function createWriter(
  settings: RemoteWriteSettings,
  { now }: { readonly now: () => number },
): Writer {
  const { url, headers, timeoutMs, verifyTls, caFile, maxShards } = settings;
  let client: HttpClient | undefined;
  return {
    async write(body, signal) {
      let secret: string;
      try {
        client ??= createHttpClient({
          timeoutMs,
          verifyTls,
          maxSockets: maxShards,
          ...(caFile === null ? {} : { ca: readFileSync(caFile, "utf8") }),
        });
        secret = settings.auth.kind === "none" ? "" : readSecret(settings.auth.secret);
      } catch (error) {
        return { kind: "misconfigured", why: messageOf(error) };
      }
      const request = {
        method: "POST",
        url,
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          "x-prometheus-remote-write-version": "0.1.0",
          ...authorizationOf(settings, secret),
          ...headers,
        },
        body,
      };
      const outcome = await client.send(request, signal);
      return readAnswer(outcome, { now: now(), secrets: [secret, ...secretsOf(settings)] });
    },
    [Symbol.dispose]: () => client?.[Symbol.dispose](),
  };
}

/** The secret as it is now; throws what reading its file throws. */
export function readSecret(source: SecretSource): string {
  return source.kind === "text" ? source.text : readFileSync(source.path, "utf8").trim();
}

/** The header that says who asks. */
export function authorizationOf(
  { auth }: RemoteWriteSettings,
  secret: string,
): Readonly<Record<string, string>> {
  if (auth.kind === "none") return {};
  if (auth.kind === "header") return { authorization: `${auth.type} ${secret}` };
  const pair = Buffer.from(`${auth.username}:${secret}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

/** What is never shown: headers, and of the address its password and query. */
function secretsOf({ headers, url }: RemoteWriteSettings): readonly string[] {
  const { password, searchParams } = new URL(url);
  return [...Object.values(headers), password, ...searchParams.values()];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
