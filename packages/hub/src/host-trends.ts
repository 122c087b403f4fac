/** Reads the last hour of hosts while everything else runs already. */
import type { Hosts } from "./ingest/hosts.ts";
import type { Log } from "./self/log.ts";

/** Begins to read; disposing breaks it off. */
export function startTrends(hosts: Hosts, log: Log): AsyncDisposable {
  const stop = new AbortController();
  const done = hosts.fillTrends(stop.signal).catch((err: unknown) => {
    log.warn({ err }, "the last hour of hosts could not be read; their sparklines begin now");
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}
