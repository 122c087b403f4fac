/** The ports at which clients of two of the five systems ask, where they are wanted. */
import type { RequestListener } from "node:http";
import type { HostAndPort } from "./config/address.ts";
import { listenOn, serveAlso } from "./listen.ts";
import type { OwnAgent } from "./own-agent.ts";

/** Where clients of the System Stats Service ask. */
const systemStatsPort = 5001;
/** Where clients of the Monitoring Component's sidecar send. */
const sidecarPort = 17_000;

/** Opens both at this host; the agent's only where there is one. What is opened is handed to the stack. */
export async function openDropInPorts(
  host: string,
  { own, handle }: { readonly own: OwnAgent | null; readonly handle: RequestListener },
  stack: AsyncDisposableStack,
): Promise<void> {
  const at = (port: number): HostAndPort => ({ host, port });
  if (own !== null) {
    stack.use(await listenOn(at(systemStatsPort), (address) => own.serve(address)));
  }
  stack.use(await listenOn(at(sidecarPort), (address) => serveAlso(address, handle)));
}
