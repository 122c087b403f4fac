/** Who is logged in on a Mac: `who`. It tells no year, so since when is left out. */
import type { HostDetails } from "@belfry/contract";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText, hostTextOrNone, present } from "./host-text.ts";
import { userMetrics } from "./user.ts";

type User = NonNullable<HostDetails["users"]>[number];
const mostUsers = 200;

export function createDarwinUser(run: RunProgram): CollectorSpec {
  return {
    name: "user",
    pace: 60,
    metrics: [userMetrics.users, userMetrics.logins],
    create: (_settings, { section, facts }) => ({
      async collect() {
        const output = await run("/usr/bin/who", []);
        if (output === undefined) return;
        const users = parseWho(output);
        section.put(userMetrics.users, {}, new Set(users.map(({ name }) => name)).size);
        section.put(userMetrics.logins, {}, users.length);
        facts.set("users", users.slice(0, mostUsers));
      },
      [Symbol.dispose]: () => undefined,
    }),
  };
}

export const darwinUser: CollectorSpec = createDarwinUser(runProgram);

/** Lines like `ada      ttys003      Nov 21 10:02 	(192.0.2.9)`. */
export function parseWho(output: string): User[] {
  const lines = output.matchAll(/^(\S+)\s+(\S+)\s+\w{3}\s+\d+\s+[\d:]+\s*(?:\((.*)\))?\s*$/gm);
  return Array.from(lines, ([, name = "", terminal, from]) =>
    present<User>({
      name: hostText(name, 256),
      terminal: hostTextOrNone(terminal, 64),
      from: hostTextOrNone(from),
    }),
  );
}
