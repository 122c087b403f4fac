/**
 * Units of systemd: how many are in which state, and those that failed. Asked on the system's D-Bus socket, where anybody
 * may list units; where there is no bus, or no systemd behind it, units are absent. One series per unit would be hundreds
 * that hardly ever change: only failed units have one.
 */
import type { HostDetails } from "@belfry/contract";
import type { CollectorSpec } from "./collector.ts";
import { callDbus, DbusErrorReply, type DbusAddress } from "./dbus/client.ts";
import { DbusFault, DbusReader, type DbusMessage } from "./dbus/wire.ts";
import { hostText, hostTextOrNone, present } from "./host-text.ts";
import { gauge } from "./metric.ts";
import { codeOf } from "./small-file.ts";

export const unitMetrics = {
  units: gauge("node_systemd_units", "Summary of systemd unit states"),
  state: gauge("node_systemd_unit_state", "Systemd unit"),
} as const;

export interface Unit {
  readonly name: string;
  readonly description: string;
  /** active, reloading, inactive, failed, activating, deactivating, maintenance. */
  readonly state: string;
}

/** States node_exporter counts; others are counted where they occur. */
const usualStates = ["activating", "active", "deactivating", "failed", "inactive"];
const mostFailed = 500;
const listUnits = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
  member: "ListUnits",
} as const;
/** Name, description, load state, active state, sub state, following, path, job's id, type and path. */
const unitsSignature = "a(ssssssouso)";

export const unit: CollectorSpec = {
  name: "unit",
  pace: 60,
  metrics: Object.values(unitMetrics),
  create({ roots }, { section, facts }) {
    const address: DbusAddress = {
      socket: `${roots.root}/run/dbus/system_bus_socket`,
      uid: globalThis.process.geteuid?.() ?? 0,
      timeoutMs: 5_000,
      maxBytes: 16 * 1024 * 1024,
    };
    return {
      async collect() {
        const units = await readUnits(address);
        if (units !== undefined) {
          const states = countStates(units);
          for (const [state, count] of states) section.put(unitMetrics.units, { state }, count);
          for (const { name } of failedOf(units))
            section.put(unitMetrics.state, { name, state: "failed" }, 1);
        }
        facts.set("units", units === undefined ? undefined : unitFacts(units));
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};

async function readUnits(address: DbusAddress): Promise<readonly Unit[] | undefined> {
  try {
    return parseUnits(await callDbus(address, listUnits));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** No bus, nobody behind its socket, or no systemd on it. */
function isAbsent(error: unknown): boolean {
  if (error instanceof DbusErrorReply)
    return /\.(ServiceUnknown|NameHasNoOwner)$/.test(error.errorName);
  const code = codeOf(error);
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR";
}

/** Units of the answer to `ListUnits`. */
export function parseUnits({ signature, body }: DbusMessage): readonly Unit[] {
  if (signature !== unitsSignature)
    throw new DbusFault(`expected units as ${unitsSignature}, found ${signature}`);
  const reader = new DbusReader(body);
  const end = reader.uint32() + 8;
  const units: Unit[] = [];
  for (reader.align(8); reader.at < end; reader.align(8)) {
    const name = hostText(reader.text());
    const description = hostText(reader.text());
    reader.text();
    const state = hostText(reader.text(), 64);
    for (let skipped = 0; skipped < 3; skipped += 1) reader.text();
    reader.uint32();
    reader.text();
    reader.text();
    units.push({ name, description, state });
  }
  return units;
}

function countStates(units: readonly Unit[]): ReadonlyMap<string, number> {
  const states = new Map(usualStates.map((state) => [state, 0]));
  for (const { state } of units) states.set(state, (states.get(state) ?? 0) + 1);
  return states;
}

function failedOf(units: readonly Unit[]): readonly Unit[] {
  return units.filter(({ state }) => state === "failed").slice(0, mostFailed);
}

function unitFacts(units: readonly Unit[]): HostDetails["units"] {
  return {
    states: Object.fromEntries([...countStates(units)].filter(([, count]) => count > 0)),
    failed: failedOf(units).map(({ name, description }) =>
      present<{ name: string; description?: string }>({
        name,
        description: hostTextOrNone(description),
      }),
    ),
  };
}
