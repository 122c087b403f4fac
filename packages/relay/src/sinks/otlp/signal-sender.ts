/** Sends requests of single signals to a collector. */
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import type { EventSinkHealth, EventSinkParts } from "../../event-sink.ts";
import { probeHealth } from "../http/health.ts";
import { createHttpClient } from "../http/http-client.ts";
import type { HttpVerdict } from "../http/verdict.ts";
import { judge } from "./answer.ts";
import { emptyRequest, requestOf, type ReadRecord } from "./requests.ts";
import type { OtlpSettings, Signal } from "./settings.ts";

export interface SignalSender extends Disposable {
  /** Sends what records have for a signal; never rejects. */
  send(signal: Signal, records: readonly ReadRecord[], ended: AbortSignal): Promise<HttpVerdict>;
  /** The worst of all signals; details by signal. */
  health(ended: AbortSignal): Promise<EventSinkHealth>;
}

const packed = promisify(gzip);

/** Makes a sender. Disposing closes its connections. */
export function createSignalSender(
  settings: OtlpSettings,
  { clock, log }: Pick<EventSinkParts, "clock" | "log">,
): SignalSender {
  const { targets, timeout, verify_ssl: verifyTls, ca, compression } = settings;
  const client = createHttpClient({
    timeoutMs: timeout * 1000,
    verifyTls,
    ...(ca === undefined ? {} : { ca }),
  });
  const secrets = secretsOf(settings);
  const headers = {
    "content-type": "application/json",
    ...(compression === "gzip" ? { "content-encoding": "gzip" } : {}),
    ...settings.headers,
  };
  const warnings = new Map<Signal, string>();

  async function post(signal: Signal, body: object) {
    const text = Buffer.from(JSON.stringify(body));
    const bytes = compression === "gzip" ? await packed(text) : text;
    return { method: "POST", url: targets.get(signal) ?? "", headers, body: bytes };
  }

  return {
    async send(signal, records, ended) {
      const request = requestOf(signal, records, settings.resource_attributes);
      if (request === undefined) return { kind: "sent" };
      const outcome = await client.send(await post(signal, request.body), ended);
      const { verdict, warning } = judge(outcome, request.count, { now: clock.now(), secrets });
      if (warning !== undefined && warnings.get(signal) !== warning) {
        warnings.set(signal, warning);
        log.warn({ signal, warning }, "the collector took everything, and has something to say");
      }
      return "why" in verdict ? { ...verdict, why: `${signal}: ${verdict.why}` } : verdict;
    },
    async health(ended) {
      // Empty requests: they show whether one may write, and write nothing.
      const found = await Promise.all(
        [...targets.keys()].map(async (signal) => {
          const request = await post(signal, emptyRequest(signal));
          return { signal, ...(await probeHealth(client, request, { signal: ended, secrets })) };
        }),
      );
      const worst = (["unhealthy", "degraded"] as const).find((status) =>
        found.some((one) => one.status === status),
      );
      const details = Object.fromEntries(found.map((one) => [one.signal, one.details]));
      return { status: worst ?? "healthy", details };
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

/** What is never shown: headers, and of the addresses their passwords and queries. */
function secretsOf({ headers, targets }: OtlpSettings): readonly string[] {
  return [
    ...Object.values(headers),
    ...[...targets.values()].flatMap((url) => {
      const { password, searchParams } = new URL(url);
      return [password, ...searchParams.values()];
    }),
  ];
}
