/** Addresses the hub listens on. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { hostAndPortText, type HostAndPort } from "./config/address.ts";
import { AppError } from "./model/error.ts";

/** Listens, or says at which address that was not possible. */
export async function listenOn<T>(
  address: HostAndPort,
  listen: (address: HostAndPort) => Promise<T>,
): Promise<T> {
  try {
    return await listen(address);
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "failed";
    const known = new Map([
      ["EADDRINUSE", "another program listens there"],
      ["EACCES", "this user may not"],
      ["EADDRNOTAVAIL", "this machine has no such address"],
    ]);
    const text = `cannot listen on ${hostAndPortText(address)}: ${known.get(why) ?? why}`;
    throw new AppError("unavailable", text, { cause });
  }
}

/** Serves what `handle` answers at one more address. Disposing closes it, with the requests that are under way. */
export async function serveAlso(
  { host, port }: HostAndPort,
  handle: RequestListener,
): Promise<AsyncDisposable> {
  const server = createServer(handle);
  server.listen(port, host);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Where this machine reaches the hub: the address it listens on, or loopback when that is every address. */
export function urlOf(listening: string, { host }: HostAndPort): string {
  const port = Number(new URL(listening).port) || 80;
  const everywhere = host === "0.0.0.0" || host === "::";
  return `http://${hostAndPortText({ host: everywhere ? "127.0.0.1" : host, port })}`;
}
