/**
 * One address before several hubs, as a load balancer in turns has it: every request goes to another hub than the one
 * before. A hub that cannot be connected to is passed over; a request that breaks on its way is answered with 502.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { until } from "./hub.ts";

export interface Turnstile extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Requests that were answered; `forgotten`: those by which a list of series was asked for (409). */
  counts(): { readonly total: number; readonly forgotten: number };
  /** Resolves once so many requests were answered. */
  requests(total: number): Promise<void>;
}

/** Starts it on a free port. */
export async function startTurnstile(hubs: readonly string[]): Promise<Turnstile> {
  let turn = 0;
  let total = 0;
  let forgotten = 0;

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) if (chunk instanceof Buffer) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    turn += 1;
    for (let n = 0; n < hubs.length; n += 1) {
      const answer = await ask(hubs[(turn + n) % hubs.length] ?? "", incoming, body);
      if (answer === "refused") continue;
      total += 1;
      if (answer !== "broken" && answer.status === 409) forgotten += 1;
      if (answer === "broken") response.writeHead(502).end();
      else response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    response.writeHead(502).end();
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    counts: () => ({ total, forgotten }),
    async requests(wanted) {
      await until(`${wanted} requests`, () => total >= wanted, 60_000);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

type Answer =
  | {
      readonly status: number;
      readonly headers: NodeJS.Dict<string | string[]>;
      readonly body: Buffer;
    }
  | "refused"
  | "broken";

function ask(
  hub: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const outgoing = request(`${hub}${url ?? "/"}`, { method, headers, agent: false });
  outgoing.once("error", (error) =>
    resolve("code" in error && error.code === "ECONNREFUSED" ? "refused" : "broken"),
  );
  outgoing.once("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("error", () => resolve("broken"));
    response.once("end", () =>
      resolve({
        status: response.statusCode ?? 502,
        headers: response.headers,
        body: Buffer.concat(chunks),
      }),
    );
  });
  outgoing.end(body);
  return promise;
}
