/**
 * Looks names up for checks: the hosts file, `localhost`, then DNS through c-ares. Never through `getaddrinfo`, which
 * waits in libuv's four threads, where one dead name server would stall every file sync of the process. Search domains
 * are not applied: a target means the same name on every machine. Nothing is cached; each check looks its name up.
 */
import { Resolver as DnsResolver } from "node:dns";
import { readFileSync, statSync } from "node:fs";
import type { Clock } from "../model/clock.ts";
import { parseAddress } from "./address.ts";
import type { Deadline } from "./deadline.ts";
import { failed, faultOfDns, type Attempt } from "./fault.ts";
import { shortageOrNoRoute } from "./own-trouble.ts";

export interface Resolver {
  /** The addresses of one family that a name has; at least one. */
  resolve(name: string, family: 4 | 6, deadline: Deadline): Promise<Attempt<readonly string[]>>;
}

export interface ResolverSettings {
  /** Name servers as `address` or `address:port`; the system's when absent. */
  readonly servers?: readonly string[];
  /** `/etc/hosts` or its like; read again when it changes. */
  readonly hostsFile: string;
  /** `/etc/resolv.conf` or its like: when it changes, the system's name servers are read again. */
  readonly resolvConf: string;
}

/** A name server that does not answer is asked again after this time, which doubles with each try. */
const retryAfterMs = 2_000;
const tries = 3;

/** Makes a resolver. */
export function createResolver(settings: ResolverSettings, clock: Clock): Resolver {
  const hosts = watchedFile(settings.hostsFile, clock, parseHosts);
  // A look-up can be called off only together with its whole channel, so each running look-up has one to itself.
  const channels = watchedFile(settings.resolvConf, clock, (): DnsResolver[] => []);

  function createChannel(): DnsResolver {
    const channel = new DnsResolver({ timeout: retryAfterMs, tries });
    if (settings.servers !== undefined) channel.setServers([...settings.servers]);
    return channel;
  }

  function ask(name: string, family: 4 | 6, deadline: Deadline): Promise<Attempt<string[]>> {
    const idle = channels();
    const channel = idle.pop() ?? createChannel();
    return new Promise((resolve) => {
      let calledOff = false;
      const done = (error: Error | null, addresses: string[]): void => {
        idle.push(channel);
        if (calledOff) return;
        deadline.waited();
        if (error !== null) resolve(failed(faultOfDns(error, name)));
        else if (addresses.length === 0) resolve(failed(faultOfDns({ code: "ENODATA" }, name)));
        else resolve({ kind: "ok", value: addresses });
      };
      if (family === 4) channel.resolve4(name, done);
      else channel.resolve6(name, done);
      deadline.wait(`look up ${name}`, (fault) => {
        calledOff = true;
        channel.cancel();
        resolve(failed(fault));
      });
    });
  }

  return {
    async resolve(name, family, deadline) {
      const known = isLocalhost(name) ? loopback : hosts().get(name);
      if (known === undefined) {
        const found = await ask(name, family, deadline);
        if (found.kind === "ok" || found.fault.code !== "ECONNREFUSED") return found;
        return failed((await shortageOrNoRoute(`look up ${name}`)) ?? found.fault);
      }
      const addresses = known.filter((text) => text.includes(":") === (family === 6));
      if (addresses.length === 0) return failed(faultOfDns({ code: "ENODATA" }, name));
      return { kind: "ok", value: addresses };
    },
  };
}

const loopback: readonly string[] = ["127.0.0.1", "::1"];

/** RFC 6761: these names are loopback, whatever a name server says. */
function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/** Names of a hosts file in lower case, with their addresses in the order of the file. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [first = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const address = parseAddress(first);
    if (address === undefined) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address.text]);
    }
  }
  return hosts;
}

/** How often a file is looked at for changes, in ms. */
const lookAgainMs = 1_000;

/** What a small file says, read again when its times or size have changed; an unreadable file is an empty one. */
function watchedFile<T>(path: string, clock: Clock, parse: (text: string) => T): () => T {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let stamp: string | undefined;
  let value = parse("");
  return () => {
    const now = clock.monotonicMs();
    if (now - lookedAt < lookAgainMs) return value;
    lookedAt = now;
    const stat = statSync(path, { throwIfNoEntry: false });
    const seen = stat === undefined ? "" : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    if (seen !== stamp) {
      stamp = seen;
      value = parse(stat === undefined ? "" : readText(path));
    }
    return value;
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
