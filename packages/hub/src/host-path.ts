/** The path of what hosts send, the desk where people change hosts, and this machine's own agent. */
import { createHash } from "node:crypto";
import type { HostView } from "@belfry/contract";
import { figureNow } from "./alert-desk.ts";
import { hostOf, hostView } from "./api/hosts/view.ts";
import type { HubParts } from "./app.ts";
import type { Path, PathParts } from "./check-path.ts";
import type { Settings } from "./config/settings.ts";
import { HostDesk } from "./host-desk.ts";
import { HostSharing } from "./ingest/host-sharing.ts";
import { createHosts, type Hosts } from "./ingest/hosts.ts";
import { createId, parseId, type HostId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import { startOwnAgent, type OwnAgent } from "./own-agent.ts";
import type { Store } from "./store/port.ts";

export interface HostPathParts extends Omit<PathParts, "checking" | "ownProcess"> {
  readonly path: Path;
}

export interface HostPath {
  readonly hosts: Hosts;
  readonly hostDesk: HostDesk;
  /** null: this process is alone on its database. */
  readonly sharing: HostSharing | null;
}

/** Opens it; `stack` ends it. */
export function openHosts(hostPath: HostPathParts, stack: AsyncDisposableStack): HostPath {
  const { settings, parts, store, deciding, path, outputs, metrics, fleet } = hostPath;
  const { clock, log } = parts;
  const { board, live } = deciding;
  const { desk, deadlines } = path;
  let sharing: HostSharing | null = null;
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
        create: (host, own, namesFrom) => desk.createHost(host, own, agentActor, namesFrom),
        update: (own) => desk.update(own, false, agentActor),
        onHeard(id) {
          deadlines.heard(id);
          sharing?.heard(id);
        },
        onShown(id, where) {
          live.hostShown(id);
          if (where === "elsewhere") return;
          sharing?.heard(id);
          outputs.hostShown(() => shown(id));
        },
        ...(path.shared === null
          ? {}
          : {
              others: {
                lookUp: async () => sharing?.follow(),
                onChanged: () => fleet.hint("hosts"),
                isCutOff: () => sharing?.isCutOff === true,
              },
            }),
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
  if (path.shared !== null) sharing = stack.use(openSharing(hostPath, hosts));
  return { hosts, sharing, hostDesk: new HostDesk({ clock, desk, hosts, monitor, store }) };
}

/** What this hub shares of hosts with other hubs. */
function openSharing(
  { parts, store, deciding, path, metrics, fleet }: HostPathParts,
  hosts: Hosts,
): HostSharing {
  const sharing = new HostSharing({
    clock: parts.clock,
    processId: () => fleet.process?.id ?? "",
    store,
    hosts,
    deadlines: path.deadlines,
    *monitors() {
      for (const { monitor } of deciding.board.hostEntries()) yield monitor;
    },
    onError(err) {
      metrics.failed("hosts");
      parts.log.error({ err }, "what hubs tell each other of hosts is held up; trying again");
    },
  });
  fleet.onHint(["hosts", "monitors"], () => sharing.lookSoon());
  return sharing;
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
export async function takeUpHosts(store: Store, { hosts, sharing }: HostPath): Promise<void> {
  hosts.load(await store.loadHosts());
  await store.setRetention(hosts.retentions());
  sharing?.start();
}
