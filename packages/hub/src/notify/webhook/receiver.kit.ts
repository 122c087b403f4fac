/** A strict receiver of webhooks: knows one key, checks Standard Webhooks with the library of its makers, leaves out repeats. */
import { Webhook } from "standardwebhooks";
import type { TakenRequest } from "../../../../relay/src/sinks/http/strict-server.kit.ts";
import { jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const receiverKey = "a-key-that-is-right";
export const receiverSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export interface Receiver extends Provider {
  /** Bodies by id, without repeats. */
  readonly bodies: ReadonlyMap<string, unknown>;
}

/** Starts it. */
export async function startReceiver(): Promise<Receiver> {
  const bodies = new Map<string, unknown>();
  const provider = await startProvider({
    take(request) {
      if (request.headers["x-api-key"] !== receiverKey) {
        return { status: 401, body: `no: ${String(request.headers["x-api-key"])}` };
      }
      verify(request);
      const id = String(request.headers["webhook-id"]);
      bodies.set(id, jsonOf(request, { status: 400, body: "no JSON" }));
      return { status: 204 };
    },
    error: { status: 503, body: "away" },
    busy: (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) } }),
    refusal: { status: 422, body: "no place for it" },
  });
  return { ...provider, bodies };
}

/** Headers as the library takes them. */
export function textHeaders({ headers }: TakenRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function verify(request: TakenRequest): void {
  try {
    new Webhook(receiverSecret).verify(request.body, textHeaders(request), { jsonParse: false });
  } catch (error) {
    throw new RuleBroken(String(error), { status: 400, body: "signature" });
  }
}
