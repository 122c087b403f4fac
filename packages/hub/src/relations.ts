/** What subjects share, as alerting asks for it: read from the present settings and from what checks and hosts say. */
import type { Siblings, Tie } from "./alert/ties.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost } from "./model/host.ts";
import type { MonitorId } from "./model/id.ts";
import type { Subject } from "./model/incident.ts";
import type { Monitor } from "./model/monitor.ts";
import { networkOf, parseAddress } from "./probe/address.ts";

export interface RelationParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
  };
  /** The host name or address a monitor checks. */
  readonly hostOf: (monitor: Monitor) => string;
  /** The addresses a name had when a check last looked it up; none: no check did. */
  readonly addressesOf: (name: string) => readonly string[];
  /** The addresses of a host's own interfaces, as far as it told. */
  readonly interfacesOf: (id: MonitorId) => readonly string[];
  /** The certificate a monitor was last shown, and how it is called; undefined: none. */
  readonly certificateOf: (
    id: MonitorId,
  ) => { readonly fingerprint: string; readonly name: string } | undefined;
  /** Checks a monitor at once; one that is not checked is left alone. */
  readonly checkNow: (id: MonitorId) => Promise<unknown>;
  /** Failures in a row of a monitor, also those that are not stored yet. */
  readonly failuresInRow: (id: MonitorId) => number;
  /** Resolves when what was decided so far is stored. */
  readonly flush: () => Promise<void>;
}

export interface Relations {
  /** What a subject shares with others; empty for what is not a monitor or a host. */
  readonly tiesOf: (subject: Subject) => readonly Tie[];
  /** What a subject hangs on: those it depends on, and its host. */
  readonly parentsOf: (subject: Subject) => readonly Subject[];
  /** Checks others that share a tie at once; null: there are none. */
  readonly checkSiblings: (subject: Subject, ties: readonly Tie[]) => Siblings | null;
  /** What a subject is reached at; null: it is not a monitor that is checked. */
  readonly targetOf: (subject: Subject) => string | null;
}

/** The label by whose value monitors belong together. */
const groupLabel = "group";
/** Dependencies of dependencies are followed so far down. */
const deepest = 10;
/** So many others are checked at once. */
const mostSiblings = 100;
/** What subjects share is read anew after this time, ms. */
const rereadMs = 5_000;
/** Networks of this many leading bits count as one. */
const networkBits = { 4: 24, 6: 64 } as const;

/** Hosts by what monitors call them. */
interface HostIndex {
  readonly byName: ReadonlyMap<string, Monitor>;
  /** null: several have it, as the address of a bridge that is the same everywhere. */
  readonly byAddress: ReadonlyMap<string, Monitor | null>;
}

/** Reads what monitors and hosts share. */
export function createRelations(parts: RelationParts): Relations {
  const { clock, board } = parts;
  const entryOf = (id: string): BoardEntry | undefined => board.get(asMonitorId(id));
  const hosts = remembered(clock, () => indexHosts(parts));
  const sharers = remembered(clock, indexSharers);

  function tiesOf(subject: Subject): readonly Tie[] {
    const monitor = entryOf(subject.id)?.monitor;
    if (monitor === undefined || (subject.kind !== "monitor" && subject.kind !== "host")) return [];
    if (followsHost(monitor)) return [hostTie(monitor)];
    return tiesOfMonitor(monitor);
  }

  function tiesOfMonitor(monitor: Monitor): readonly Tie[] {
    const name = parts.hostOf(monitor).toLowerCase();
    const addresses = parseAddress(name) === undefined ? parts.addressesOf(name) : [name];
    const host = hostOf(name, addresses, hosts());
    const group = monitor.labels[groupLabel];
    const certificate = parts.certificateOf(monitor.id);
    return [
      dependencyTie(monitor),
      ...dependenciesOf(monitor, board).map(dependencyTie),
      ...(host === undefined ? [] : [hostTie(host)]),
      ...namesOf(name, addresses).map((one) => sharedTie("address", one, one)),
      ...(group === undefined ? [] : [sharedTie("group", group, `group ${group}`)]),
      ...(certificate === undefined ? [] : [certificateTie(certificate)]),
      ...networksOf(addresses).map((one) => sharedTie("network", one, `network ${one}`)),
    ];
  }

  function indexSharers(): ReadonlyMap<string, readonly MonitorId[]> {
    const found = new Map<string, MonitorId[]>();
    for (const { monitor } of board.entries()) {
      if (!monitor.enabled) continue;
      for (const { key } of tiesOfMonitor(monitor)) {
        const ids = found.get(key);
        if (ids === undefined) found.set(key, [monitor.id]);
        else ids.push(monitor.id);
      }
    }
    return found;
  }

  /** Those with whom a failure may have a cause in common; that a network is shared is too little to hold a notice. */
  function siblingsOf(subject: Subject, ties: readonly Tie[]): readonly MonitorId[] {
    const found = new Set<MonitorId>();
    for (const { kind, key } of ties) {
      if (kind === "network" || kind === "certificate") continue;
      for (const id of sharers().get(key) ?? []) {
        if (id !== subject.id && entryOf(id)?.status !== "down") found.add(id);
        if (found.size === mostSiblings) return [...found];
      }
    }
    return [...found];
  }

  return {
    tiesOf,
    parentsOf: (subject) =>
      tiesOf(subject)
        .filter(({ kind }) => kind === "depends_on" || kind === "host")
        .map(({ cause }) => cause)
        .filter((cause) => cause.id !== subject.id),
    checkSiblings(subject, ties) {
      const ids = siblingsOf(subject, ties);
      if (ids.length === 0) return null;
      const waiting = new Set<MonitorId>();
      const checks = ids.map(async (id) => {
        waiting.add(id);
        await parts.checkNow(id).finally(() => waiting.delete(id));
      });
      return {
        settled: Promise.allSettled(checks)
          .then(parts.flush)
          .catch(() => undefined),
        failing: () => ids.filter((id) => waiting.has(id) || parts.failuresInRow(id) > 0),
      };
    },
    targetOf(subject) {
      const entry = entryOf(subject.id);
      return entry === undefined || followsHost(entry.monitor) ? null : parts.hostOf(entry.monitor);
    },
  };
}

/** Makes a value anew when it is older than what subjects share may be. */
function remembered<T>(clock: Pick<Clock, "monotonicMs">, make: () => T): () => T {
  let known: { readonly value: T; readonly untilMs: number } | null = null;
  return () => {
    const now = clock.monotonicMs();
    if (known === null || now >= known.untilMs) known = { value: make(), untilMs: now + rereadMs };
    return known.value;
  };
}

function dependenciesOf(monitor: Monitor, board: RelationParts["board"]): readonly Monitor[] {
  const found = new Map<MonitorId, Monitor>();
  let level: readonly Monitor[] = [monitor];
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    const next = new Map<MonitorId, Monitor>();
    for (const id of level.flatMap(({ dependsOn }) => dependsOn)) {
      const one = board.get(id)?.monitor;
      if (one !== undefined && id !== monitor.id && !found.has(id)) next.set(id, one);
    }
    for (const [id, one] of next) found.set(id, one);
    level = [...next.values()];
  }
  return [...found.values()];
}

function indexHosts({ board, interfacesOf }: RelationParts): HostIndex {
  const byName = new Map<string, Monitor>();
  const byAddress = new Map<string, Monitor | null>();
  for (const { monitor } of board.hostEntries()) {
    byName.set(monitor.name.toLowerCase(), monitor);
    for (const address of new Set(interfacesOf(monitor.id))) {
      if (isOwnToMachine(address)) continue;
      byAddress.set(address, byAddress.has(address) ? null : monitor);
    }
  }
  return { byName, byAddress };
}

/** The host a monitor checks: by its name, or because an address of it is one of the host's interfaces. */
function hostOf(
  name: string,
  addresses: readonly string[],
  { byName, byAddress }: HostIndex,
): Monitor | undefined {
  const named = byName.get(name);
  if (named !== undefined) return named;
  for (const address of addresses) {
    const found = byAddress.get(address);
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/** How what is checked may be called; not at all where it is not checked but heard. */
function namesOf(name: string, addresses: readonly string[]): readonly string[] {
  return name === "" ? [] : [...new Set([name, ...addresses])];
}

/** Loopback and link-local addresses mean another machine on each. */
function isOwnToMachine(address: string): boolean {
  return /^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/.test(address);
}

function networksOf(addresses: readonly string[]): readonly string[] {
  const found = addresses.flatMap((text) => {
    const address = parseAddress(text);
    if (address === undefined || isOwnToMachine(text)) return [];
    return [networkOf(address, networkBits[address.family])];
  });
  return [...new Set(found)];
}

function asSubject(monitor: Monitor): Subject {
  const kind = followsHost(monitor) ? "host" : "monitor";
  return { kind, id: monitor.id, name: monitor.name };
}

function dependencyTie(monitor: Monitor): Tie {
  return {
    kind: "depends_on",
    key: `monitor:${monitor.id}`,
    cause: asSubject(monitor),
    why: `they depend on ${monitor.name}`,
  };
}

function hostTie(monitor: Monitor): Tie {
  return {
    kind: "host",
    key: `host:${monitor.id}`,
    cause: asSubject(monitor),
    why: `the same host: ${monitor.name}`,
  };
}

function sharedTie(kind: "address" | "group" | "network", id: string, name: string): Tie {
  return {
    kind,
    key: `${kind}:${id}`,
    cause: { kind: "external", id: `${kind}:${id}`, name },
    why: `the same ${kind}: ${id}`,
  };
}

function certificateTie({ fingerprint, name }: { fingerprint: string; name: string }): Tie {
  const id = `certificate:${fingerprint}`;
  return {
    kind: "certificate",
    key: id,
    cause: { kind: "external", id, name: `certificate ${name}` },
    why: `the same certificate: ${name}`,
  };
}

/** Guarantee: what is found by it was put on the board under a monitor's id; another text finds nothing. */
function asMonitorId(id: string): MonitorId {
  return id as MonitorId;
}
