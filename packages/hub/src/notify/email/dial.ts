/** Connects to a mail server, at no address but those that the guard saw and allows. */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";

/** How long one address may take to connect, ms. */
const timeoutMs = 10_000;

/** No address of the host may be dialled. */
export class RefusedAddress extends Error {
  override readonly name = "RefusedAddress";
}

/** A connected socket that belongs to the caller. Rejects with the fault of the last address, or as the signal says. */
export async function dialMailServer(
  { host, port }: { readonly host: string; readonly port: number },
  refuseAddress: (address: string) => string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const found = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  let fault: unknown = new Error(`${host} has no address`);
  for (const { address } of found) {
    signal.throwIfAborted();
    const why = refuseAddress(address);
    if (why !== undefined) {
      if (!(fault instanceof Error && "code" in fault)) {
        fault = new RefusedAddress(`must not be dialled: ${why}`);
      }
      continue;
    }
    const socket = connect({ host: address, port });
    try {
      await once(socket, "connect", {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return socket;
    } catch (error) {
      socket.destroy();
      fault = error;
    }
  }
  throw fault;
}
