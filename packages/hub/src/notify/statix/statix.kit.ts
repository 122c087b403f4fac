/**
 * A strict receiver of the Monitoring Stack's alerts: its five keys and no others, each of its type, figures with two decimals
 * at most, whole seconds; and one address, which is the secret.
 */
import { knows, limited, startChat, type Chat, type Json } from "../chat.kit.ts";

export const path = "/hooks/the-right-address-of-a-receiver";

export interface StatixReceiver extends Chat {
  /** Every body it took. */
  readonly bodies: readonly Json[];
}

/** Starts it. */
export async function startStatix(): Promise<StatixReceiver> {
  const bodies: Json[] = [];
  const chat = await startChat({
    admit: (request) => {
      if (request.method !== "POST") return { status: 405 };
      return request.path === path ? undefined : { status: 404, body: request.path };
    },
    error: { status: 503 },
    refusal: { status: 422 },
    busy: (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) } }),
    read(body, faults) {
      bodies.push(body);
      return textOf(body, faults);
    },
    taken: { status: 204 },
    faulty: { status: 400 },
  });
  return { ...chat, bodies };
}

function textOf(body: Json, faults: string[]): string {
  const keys = ["hostname", "metric", "value", "threshold", "timestamp"];
  knows(body, keys, faults);
  for (const key of ["value", "threshold", "timestamp"]) {
    const figure = body[key];
    const isFigure = typeof figure === "number" && Number(figure.toFixed(2)) === figure;
    if (!isFigure) faults.push(`${key} is ${String(figure)}`);
  }
  if (!Number.isInteger(body["timestamp"])) faults.push("no whole seconds");
  const metric = limited(body["metric"], 1_000, faults, "metric");
  return `${limited(body["hostname"], 253, faults, "hostname")}: ${metric}`;
}
