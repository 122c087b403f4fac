/**
 * Who is logged in: `/run/utmp`; on systems that no longer write it, `/run/systemd/sessions`. Where logind runs, its
 * sessions are counted as node_exporter does, too.
 */
import type { CollectorSpec } from "./collector.ts";
import { gauge } from "./metric.ts";
import { parseSession, type Session } from "./session.ts";
import { namesIn, readSmallBytes, readSmallFile } from "./small-file.ts";
import { parseUtmp } from "./utmp.ts";

export const userMetrics = {
  users: gauge("belfry_host_users", "People that are logged in, each counted once"),
  logins: gauge("belfry_host_logins", "Logins of people: terminals and sessions"),
  sessions: gauge("node_logind_sessions", "Number of sessions registered in logind."),
} as const;

const mostUsers = 200;
const mostSessions = 1_000;

export const user: CollectorSpec = {
  name: "user",
  pace: 60,
  metrics: Object.values(userMetrics),
  create({ roots }, { section, facts }) {
    return {
      collect() {
        const sessions = readSessions(`${roots.root}/run/systemd`);
        for (const [key, count] of countByKind(sessions ?? [])) {
          const [seat = "", remote = "", type = "", kind = ""] = key.split("\0");
          section.put(userMetrics.sessions, { seat, remote, type, class: kind }, count);
        }
        const utmp = readSmallBytes(`${roots.root}/run/utmp`);
        const users =
          utmp === undefined ? sessions?.flatMap(({ user: one }) => one ?? []) : parseUtmp(utmp);
        if (users !== undefined) {
          section.put(userMetrics.users, {}, new Set(users.map(({ name }) => name)).size);
          section.put(userMetrics.logins, {}, users.length);
        }
        facts.set("users", users?.slice(0, mostUsers));
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};

/** undefined: logind is not here; where it is and nobody is logged in it has at least a seat. */
function readSessions(folder: string): Session[] | undefined {
  const names = namesIn(`${folder}/sessions`).filter((name) => !name.includes("."));
  if (names.length === 0 && namesIn(`${folder}/seats`).length === 0) return undefined;
  return names.slice(0, mostSessions).flatMap((name) => {
    const text = readSmallFile(`${folder}/sessions/${name}`);
    return text === undefined ? [] : [parseSession(text)];
  });
}

function countByKind(sessions: readonly Session[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { seat, isRemote, type, kind } of sessions) {
    const key = [seat, String(isRemote), type, kind].join("\0");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
