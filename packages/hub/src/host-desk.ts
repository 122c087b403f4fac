/**
 * Where people's changes to hosts go through. A host and the monitor that follows it change together, in one transaction:
 * both or neither.
 */
import type { Clock } from "./model/clock.ts";
import { AppError } from "./model/error.ts";
import { hostSource, type DecidedOfHost, type Host } from "./model/host.ts";
import type { HostId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import type { SourceKey, TimeRange } from "./model/series.ts";

type Updated = "updated" | "version_mismatch" | "missing";

export interface HostDeskParts {
  readonly clock: Clock;
  readonly desk: {
    update(
      monitor: Monitor,
      resetState: boolean,
      actor: string,
      host: DecidedOfHost,
    ): Promise<Updated>;
    remove(id: HostId, actor: string): Promise<boolean>;
    note(id: HostId, action: string, actor: string): Promise<Updated>;
  };
  readonly hosts: {
    get(id: HostId): { readonly host: Host } | undefined;
    decided(id: HostId, change: DecidedOfHost): void;
    renamed(id: HostId): void;
    leave(id: HostId, work: () => Promise<boolean>): Promise<boolean>;
  };
  readonly monitor: (id: HostId) => Monitor | undefined;
  readonly store: { deleteSamples(source: SourceKey, range: TimeRange): Promise<void> };
}

/** Samples are refused that are a day ahead. */
const furthestAheadMs = 2 * 86_400_000;

export class HostDesk {
  readonly #parts: HostDeskParts;

  constructor(parts: HostDeskParts) {
    this.#parts = parts;
  }

  /** Changes a host and its monitor; `monitor.version` is one more than the version it replaces. */
  async update(host: Host, monitor: Monitor, actor: string): Promise<Updated> {
    const { desk, hosts } = this.#parts;
    const present = this.#parts.monitor(host.id);
    if (hosts.get(host.id) === undefined || present === undefined) return "missing";
    if (present.version !== monitor.version - 1) return "version_mismatch";
    const { nameIsChosen, silentAfterMs, retentionMs } = host;
    const decided = { nameIsChosen, silentAfterMs, retentionMs };
    const result = await desk.update(monitor, false, actor, decided);
    if (result !== "updated") return result;
    hosts.decided(host.id, decided);
    hosts.renamed(host.id);
    return result;
  }

  /** Deletes a host with its monitor, samples and details; false when there is none. */
  remove(id: HostId, actor: string): Promise<boolean> {
    return this.#parts.hosts.leave(id, () => this.#parts.desk.remove(id, actor));
  }

  /** Deletes its samples; details and the history of its status stay. */
  async clean(id: HostId, actor: string): Promise<void> {
    const result = await this.#parts.desk.note(id, "clean", actor);
    if (result === "missing") throw new AppError("not_found", "There is no host with this id");
    if (result === "version_mismatch") {
      throw new AppError("conflict", "The host was changed meanwhile");
    }
    const to = this.#parts.clock.now() + furthestAheadMs;
    await this.#parts.store.deleteSamples(hostSource(id), { from: 0, to });
  }
}
