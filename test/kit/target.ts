/** A real HTTP server to be checked; it can be stopped and started again on the same port. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Target extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server on a free port, of the loopback unless told otherwise; it answers 200 `ok` unless told otherwise. */
export async function startTarget(
  answer: RequestListener = (_request, response) => response.end("ok"),
  host = "127.0.0.1",
): Promise<Target> {
  let server: Server | undefined;
  let port = 0;
  async function start(): Promise<void> {
    const fresh = createServer(answer);
    await new Promise<void>((resolve, reject) => {
      fresh.once("error", reject);
      fresh.listen(port, host, resolve);
    });
    port = (fresh.address() as AddressInfo).port;
    server = fresh;
  }
  async function stop(): Promise<void> {
    const old = server;
    server = undefined;
    if (old === undefined) return;
    old.closeAllConnections();
    await new Promise((resolve) => old.close(resolve));
  }
  await start();
  return { url: `http://127.0.0.1:${port}/`, port, start, stop, [Symbol.asyncDispose]: stop };
}
