/** The store's side of hosts. */
import type { AuditEntry } from "../model/access.ts";
import type { StatusChange } from "../model/change.ts";
import type { Host, KeptDetails } from "../model/host.ts";
import type { HostId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import type { SeriesKey } from "../model/series.ts";
import type { CallByName } from "./alert-setting-calls.ts";

/** Hosts; each has a monitor with its id, made and deleted together with it. */
export interface HostStore {
  /** Every host, ascending by id; read once at start. */
  loadHosts(): Promise<readonly Host[]>;
  /**
   * Makes a host and its monitor in one transaction. Its names are taken from hosts that had them; with `namesFrom` only
   * from that one (null: from nobody), and it rejects with `conflict` where another has one of them.
   */
  createHost(
    host: Host,
    monitor: Monitor,
    status: StatusChange,
    audit: AuditEntry,
    namesFrom?: HostId | null,
  ): Promise<void>;
  /**
   * Replaces what hosts say of themselves: everything but `createdAt` and what people decide. Their names are taken from
   * hosts that had them. Resolves once durable; hosts that are gone are passed over.
   */
  saveHosts(hosts: readonly Host[]): Promise<void>;
  /** Notes when hosts were heard, epoch ms; the time never goes back. */
  touchHosts(heard: readonly { readonly id: HostId; readonly at: number }[]): Promise<void>;
  /** Replaces the details of hosts; of hosts that are gone nothing is kept. */
  saveHostDetails(
    items: readonly { readonly id: HostId; readonly kept: KeptDetails }[],
  ): Promise<void>;
  hostDetails(id: HostId): Promise<KeptDetails | undefined>;
  /** When the details of each host were received, epoch ms. */
  hostDetailTimes(): Promise<ReadonlyMap<HostId, number>>;
  /** Keeps a list of series for other hubs, for a day from `now` (epoch ms). Its hash was verified. */
  keepSeriesList(
    list: { readonly hash: string; readonly series: readonly SeriesKey[] },
    now: number,
  ): Promise<void>;
  /** A list that a hub kept. */
  seriesList(hash: string): Promise<readonly SeriesKey[] | undefined>;
}

/** Makes the calls; those that read go to another thread than those that write. */
export function hostCalls(reads: CallByName, writes: CallByName): HostStore {
  return {
    loadHosts: reads("loadHosts"),
    createHost: writes("createHost"),
    saveHosts: writes("saveHosts"),
    touchHosts: writes("touchHosts"),
    saveHostDetails: writes("saveHostDetails"),
    hostDetails: reads("hostDetails"),
    hostDetailTimes: reads("hostDetailTimes"),
    keepSeriesList: writes("keepSeriesList"),
    seriesList: reads("seriesList"),
  };
}
