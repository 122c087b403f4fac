/** The path of what hosts send, the desk where people change hosts, and this machine's own agent. */
import { createHash } from "node:crypto";
import type { HostView } from "@belfry/contract";
import { figureNow } from "./alert-desk.ts";
import { hostOf, hostView } from "./api/hosts/view.ts";
import type { HubParts } from "./app.ts";
import type { Path, PathParts } from "./check-path.ts";
import type { Settings } from "./config/settings.ts";
import { HostDesk } from "./host-desk.ts";
import { createHosts, type Hosts } from "./ingest/hosts.ts";
import { createId, parseId, type HostId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import { startOwnAgent, type OwnAgent } from "./own-agent.ts";
import type { Store } from "./store/port.ts";

export interface HostPathParts extends Omit<PathParts, "checking" | "ownProcess"> {
  readonly path: Path;
}

/** Opens it; `stack` ends it. */
export function openHosts(
  { settings, parts, store, deciding, path, outputs, metrics }: HostPathParts,
  stack: AsyncDisposableStack,
): { readonly hosts: Hosts; readonly hostDesk: HostDesk } {
  const { clock, log } = parts;
  const { board, live } = deciding;
  const { desk, deadlines } = path;
  const monitor = (id: MonitorId): Monitor | undefined => board.get(id)?.monitor;
  const hosts = stack.use(
    createHosts(
      {
        maxSeries: settings.hosts.maxSeries,
        postedRetentionMs: settings.monitoringStack.retentionMs,
      },
      {
        clock,
        newId: createId,
        sha256,
        store,
        monitor,
        create: (host, own) => desk.createHost(host, own, agentActor),
        update: (own) => desk.update(own, false, agentActor),
        onHeard: (id) => deadlines.heard(id),
        onShown(id) {
          live.hostShown(id);
          outputs.hostShown(() => shown(id));
        },
        onTaken: (samples) => metrics.samplesTaken(samples),
        onError(err) {
          metrics.failed("hosts");
          log.error({ err }, "what changed of hosts could not be written; trying again");
        },
      },
    ),
  );
  metrics.watchSeriesLists(() => hosts.lists);
  deciding.alerts.connect({
    interfacesOf: (id) => hosts.get(id)?.addresses ?? [],
    figureOf(id, series) {
      const hostId = parseId<"monitor">(id);
      return hostId === undefined ? undefined : figureNow(hosts.get(hostId), series, clock.now());
    },
  });
  function shown(id: HostId): HostView | undefined {
    const found = hostOf({ hosts, board }, id);
    return found === undefined ? undefined : hostView(found);
  }
  live.watchHosts(shown);
  return { hosts, hostDesk: new HostDesk({ clock, desk, hosts, monitor, store }) };
}

/** This machine's own agent, where it is watched. */
export function openOwnAgent(
  settings: Settings,
  { clock, log, version }: HubParts,
  hosts: Hosts,
  stack: AsyncDisposableStack,
): OwnAgent | null {
  if (settings.agent === null) return null;
  return stack.use(
    startOwnAgent(
      { ...settings.agent, stateDir: settings.dataDir },
      { clock, log, version, receive: (batch) => hosts.receiveBatch(batch) },
    ),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Who changes a host's monitor as the host says. */
const agentActor = "agent";

/** Before anything old is dropped the store knows whose samples are kept for another time than all others. */
export async function takeUpHosts(store: Store, hosts: Hosts): Promise<void> {
  hosts.load(await store.loadHosts());
  await store.setRetention(hosts.retentions());
}
