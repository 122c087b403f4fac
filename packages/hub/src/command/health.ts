/** `belfry health`: asks the hub that these settings describe. For health checks of containers. */
import { request } from "node:http";
import { listenText } from "../config/check.ts";
import type { Settings } from "../config/settings.ts";

interface Writers {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const limitMs = 3_000;
/** Listening on every address is not an address to connect to. */
const anyAddress: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Ends with 0 when `/health` answers 200 within 3 s, else with 1 and one line that says why. */
export function askHealth(settings: Pick<Settings, "listen">, parts: Writers): Promise<number> {
  const { host, port } = settings.listen;
  return new Promise((resolve) => {
    const fail = (why: string): void => {
      parts.stderr(`belfry: ${listenText(settings)} is not well: ${why}\n`);
      resolve(1);
    };
    const asked = request(
      {
        host: anyAddress[host] ?? host,
        port,
        path: "/health",
        signal: AbortSignal.timeout(limitMs),
        agent: false,
      },
      (response) => {
        response.resume();
        if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
        response.once("end", () => resolve(0));
        response.once("error", (error) => fail(error.message));
      },
    );
    asked.once("error", (error) => {
      fail(error.name === "TimeoutError" ? `no answer within ${limitMs / 1000} s` : error.message);
    });
    asked.end();
  });
}
