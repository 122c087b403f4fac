/**
 * The hosts there are, in memory: whose a batch or post is, what was heard of each, and their monitors kept in step with
 * what they say. Makes a host that is new once, however many of its batches come at the same time. What changes is
 * handed to the keeper, which writes it.
 *
 * Where several hubs take in batches the store is the truth: what others made, changed and deleted is followed, and a host
 * that is not known here is looked up before it is made. Of two hubs that make the same one, the later takes the other's.
 */
import type { BatchHost } from "@belfry/contract";
import type { Clock } from "../model/clock.ts";
import { AppError } from "../model/error.ts";
import { deadlineOf, monitorNameOf, type DecidedOfHost, type Host } from "../model/host.ts";
import type { HostEntry, StackPost } from "../model/host-entry.ts";
import type { HostId, IdMaker } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import type { SourceKey } from "../model/series.ts";
import { HostIdentities, type Found } from "./host-identity.ts";
import { HostKeeper, type KeeperParts } from "./host-keeper.ts";
import { createHostMonitor, followHost, sameLabels, type Said } from "./host-monitor.ts";
import type { HostNow } from "./host-now.ts";
import { isAlike, saidBy, senderOf, unheard } from "./host-said.ts";
import { HostRow } from "./host-row.ts";

export interface RegistrySettings {
  /** Series of one host; further ones are refused. */
  readonly maxSeries: number;
  /** How long samples of hosts are kept that only ever posted, in ms; null: as all others. */
  readonly postedRetentionMs: number | null;
}

export interface RegistryParts {
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly store: KeeperParts["store"] & { deleteSource(source: SourceKey): Promise<void> };
  readonly monitor: (id: HostId) => Monitor | undefined;
  /**
   * Makes a host with its monitor; resolves once both are stored and watched. With `namesFrom` its names are taken from
   * that host alone, and it rejects with `conflict` where another has one (see `HostStore.createHost`).
   */
  readonly create: (host: Host, monitor: Monitor, namesFrom?: HostId | null) => Promise<unknown>;
  /** Replaces the monitor of a host by one whose version is one more. */
  readonly update: (monitor: Monitor) => Promise<"updated" | "version_mismatch" | "missing">;
  /** A host was heard. */
  readonly onHeard: (id: HostId) => void;
  /** What is shown of a host changed: by what came here, or to another hub. */
  readonly onShown: (id: HostId, where: "here" | "elsewhere") => void;
  /** Something could not be written; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Where other hubs take in batches too; undefined: nobody does. */
  readonly others?: {
    /** Has everything followed that they stored until now; rejects when the store is away. */
    readonly lookUp: () => Promise<void>;
    /** A host was made, changed or deleted here. */
    readonly onChanged: () => void;
    /** Whether the database was out of reach for long: what comes is better sent to another hub at once. */
    readonly isCutOff: () => boolean;
  };
}

/** Hosts there may be; whoever needs more splits them over several hubs. */
const mostHosts = 10_000;
/** The pause after the monitor of a host could not be changed. */
const followPauseMs = 10_000;
/** How often a host is looked for that another hub makes at the same time. */
const mostAttempts = 5;
/** What came of a host for so long before it was found to be deleted elsewhere is nobody's, ms. */
const afterlifeMs = 60_000;

export class HostRegistry implements AsyncDisposable {
  readonly #settings: RegistrySettings;
  readonly #parts: RegistryParts;
  readonly #rows = new Map<HostId, HostRow>();
  readonly #identities: HostIdentities;
  /** Hosts that are gone, and since when: monotonic ms. */
  readonly #gone = new Map<HostId, number>();
  readonly keeper: HostKeeper;

  constructor(settings: RegistrySettings, parts: RegistryParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#identities = new HostIdentities({
      newId: () => parts.newId(parts.clock.now()),
      deadlineOf: (id) => parts.monitor(id)?.intervalMs ?? deadlineOf(unheard),
      onChanged: (id) => this.#takeOver(id),
    });
    const { clock, store, others, onError } = parts;
    this.keeper = new HostKeeper({
      clock,
      store,
      host: (id) => this.#rows.get(id)?.host,
      retentions: () => this.retentions(),
      onError,
      ...(others === undefined
        ? {}
        : {
            onWritten: others.onChanged,
            onContradicted: () => void others.lookUp().catch(onError),
          }),
    });
  }

  /** Takes in the hosts that were kept; their monitors are there already. */
  load(hosts: readonly Host[]): void {
    for (const host of hosts) {
      const monitor = this.#parts.monitor(host.id);
      if (monitor === undefined) continue;
      const row = new HostRow(host, monitor.name, this.#settings.maxSeries);
      row.isShown = true;
      this.#rows.set(host.id, row);
      this.#identities.load(host);
    }
    for (const id of this.#rows.keys()) this.#sayClones(id);
  }

  get(id: HostId): HostEntry | undefined {
    const row = this.#rows.get(id);
    return row?.isShown === true ? row : undefined;
  }

  *entries(): Iterable<HostEntry> {
    for (const row of this.#rows.values()) if (row.isShown) yield row;
  }

  /** Every host, also one that is being made. */
  rows(): Iterable<HostRow> {
    return this.#rows.values();
  }

  row(id: HostId): HostRow | undefined {
    return this.#rows.get(id);
  }

  /** The host that has this name now. */
  byName(name: string): HostEntry | undefined {
    const known = this.#identities.byName(name);
    return known === undefined ? undefined : this.get(known.id);
  }

  /** Takes in a batch: notes what its agent says of the host, and has the rest done with its row. */
  ofBatch<T>(sender: BatchHost, heardAt: number, work: (row: HostRow) => Promise<T>): Promise<T> {
    return this.#withRow(
      sender.name,
      () => this.#identities.knowsMachine(sender.machine_id),
      () => this.#identities.ofBatch(senderOf(sender), this.#parts.clock.monotonicMs()),
      (host) => ({ ...host, ...saidBy(sender), agentLabels: sender.labels }),
      (row) => {
        this.#hearAgent(row, sender, heardAt);
        return work(row);
      },
    );
  }

  /** The same for a post. */
  ofPost<T>(post: StackPost, heardAt: number, work: (row: HostRow) => Promise<T>): Promise<T> {
    return this.#withRow(
      post.hostname,
      () => this.#identities.knowsName(post.hostname),
      () => this.#identities.ofPost(post.hostname, this.#parts.clock.monotonicMs()),
      (host) => host,
      (row) => {
        this.#hearPost(row, post, heardAt);
        return work(row);
      },
    );
  }

  /** What people decide of a host was changed, and is stored. */
  decided(id: HostId, { nameIsChosen, silentAfterMs, retentionMs }: DecidedOfHost): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const before = row.host.retentionMs;
    row.host = { ...row.host, nameIsChosen, silentAfterMs, retentionMs };
    this.keeper.written(id);
    if (before !== retentionMs) this.keeper.retentionChanged();
    this.#parts.others?.onChanged();
  }

  /**
   * Takes over what is stored of all hosts, as other hubs made, changed and deleted them. `asOfMs` (monotonic) is when it
   * was asked for: what was changed here since then, or is not written yet, stays. Answers whether there was none such.
   */
  follow(hosts: readonly Host[], asOfMs: number): boolean {
    const { clock, monitor, onShown } = this.#parts;
    const there = new Set(hosts.map(({ id }) => id));
    let isWhole = true;
    for (const row of this.#rows.values()) {
      if (!row.isShown || row.leaving !== null || there.has(row.id)) continue;
      if (this.keeper.isNewer(row.id, asOfMs)) isWhole = false;
      else this.#bury(row);
    }
    const retentions = [...this.retentions()].flat().join(" ");
    const taken: Host[] = [];
    for (const host of hosts) {
      const row = this.#rows.get(host.id);
      if (
        row === undefined ? (this.#gone.get(host.id) ?? asOfMs) > asOfMs : isAlike(row.host, host)
      ) {
        continue;
      }
      if (row !== undefined && (!row.isShown || this.keeper.isNewer(host.id, asOfMs))) {
        isWhole = false;
        continue;
      }
      if (row === undefined) this.#admit(host);
      else row.host = { ...host, lastHeardAt: row.host.lastHeardAt };
      taken.push(host);
    }
    this.#identities.follow(taken, clock.monotonicMs());
    for (const { id } of taken) {
      this.#rows.get(id)?.rename(monitor(id)?.name);
      this.#sayClones(id);
      onShown(id, "elsewhere");
    }
    if ([...this.retentions()].flat().join(" ") !== retentions) this.keeper.retentionChanged();
    return isWhole;
  }

  /** Another hub heard a host, and tells of it what is shown. */
  heardElsewhere(id: HostId, told: HostNow): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const { clock, onShown } = this.#parts;
    row.heardElsewhere(told, clock.now());
    this.#identities.heardElsewhere(id, clock.monotonicMs());
    if (row.isShown) onShown(id, "elsewhere");
  }

  /** The name of its monitor changed: its series carry it from now on. */
  renamed(id: HostId): void {
    const row = this.#rows.get(id);
    const name = this.#parts.monitor(id)?.name;
    if (row === undefined || name === undefined) return;
    row.rename(name);
    // Its clones name it in what they say of themselves.
    for (const { id: clone } of this.#identities.clonesOf(id)) this.#sayClones(clone);
    if (row.host.clonedFrom !== null) this.#sayClones(row.host.clonedFrom);
  }

  /**
   * Has a host deleted: `work` runs when nothing of it is on its way to the store. What arrives meanwhile waits, and is
   * then a new host's.
   */
  async leave(id: HostId, work: () => Promise<boolean>): Promise<boolean> {
    const row = this.#rows.get(id);
    if (row === undefined || row.leaving !== null) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    row.leaving = promise;
    try {
      await row.settled();
      const removed = await work();
      this.#forget(id);
      this.#parts.others?.onChanged();
      return removed;
    } finally {
      row.leaving = null;
      resolve();
    }
  }

  /** Sources whose samples are kept for another time than all others, in ms. */
  retentions(): ReadonlyMap<SourceKey, number> {
    const kept = new Map<SourceKey, number>();
    for (const { host, source } of this.#rows.values()) {
      const posted = host.agentVersion === null ? this.#settings.postedRetentionMs : null;
      const ms = host.retentionMs ?? posted;
      if (ms !== null) kept.set(source, ms);
    }
    return kept;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.keeper[Symbol.asyncDispose]();
  }

  /**
   * Has something done with the row of whoever sent something; makes the host when it is new, once, however many ask at
   * the same time. A host is not deleted before it is done.
   */
  async #withRow<T>(
    name: string,
    isKnown: () => boolean,
    find: () => Found,
    begin: (host: Host) => Host,
    work: (row: HostRow) => Promise<T>,
  ): Promise<T> {
    const { others } = this.#parts;
    if (others?.isCutOff() === true) {
      throw new AppError("unavailable", "This hub cannot reach the database; another one may");
    }
    const lookUp = others?.lookUp;
    for (let attempt = 1; ;) {
      if (lookUp !== undefined && !isKnown()) await lookUp();
      const found = find();
      const row = found.isNew ? this.#begin(found, name, begin) : this.#rows.get(found.known.id);
      if (row === undefined) throw new AppError("internal", `no row for ${found.known.id}`);
      try {
        await row.ready;
      } catch (error) {
        if (lookUp === undefined || !isConflict(error) || attempt >= mostAttempts) throw error;
        attempt += 1;
        await lookUp();
        continue;
      }
      if (row.leaving !== null) await row.leaving;
      else if (this.#rows.get(row.id) === row) return row.during(work(row));
    }
  }

  #begin({ known, namesFrom }: Found, name: string, begin: (host: Host) => Host): HostRow {
    const { id } = known;
    if (this.#rows.size >= mostHosts) {
      this.#identities.remove(id);
      throw tooMany();
    }
    const { identity, names, bootId, clonedFrom } = known;
    const now = this.#parts.clock.now();
    const empty: Host = { ...unheard, id, identity, names, bootId, clonedFrom, createdAt: now };
    const host = begin(empty);
    const monitor = createHostMonitor(host, name);
    const row = new HostRow(host, monitor.name, this.#settings.maxSeries);
    row.stack = null;
    this.#rows.set(id, row);
    row.ready = this.#make(row, monitor, namesFrom);
    // Whoever waits for it is told; nobody else is.
    row.ready.catch(() => undefined);
    return row;
  }

  async #make(row: HostRow, monitor: Monitor, namesFrom: HostId | null): Promise<void> {
    const { create, others } = this.#parts;
    try {
      if (others === undefined) await create(row.host, monitor);
      else {
        if (row.host.clonedFrom !== null) await this.#beFirstToClone(row);
        await create(row.host, monitor, namesFrom);
      }
    } catch (error) {
      this.#forget(row.id);
      throw error;
    }
    row.isShown = true;
    this.keeper.written(row.id);
    others?.onChanged();
    if (row.host.clonedFrom !== null) this.#sayClones(row.host.clonedFrom);
    this.#sayClones(row.id);
    if (row.host.agentVersion === null) this.keeper.retentionChanged();
  }

  /** Of two machines with one id, heard by turns at two hubs, one is the clone: the hub that says so first decides. */
  async #beFirstToClone(row: HostRow): Promise<void> {
    const before = this.#identities.familyOf(row.id);
    await this.#parts.others?.lookUp();
    if (this.#identities.familyOf(row.id) === before) return;
    throw new AppError("conflict", `another hub found a clone of ${row.host.clonedFrom} as well`);
  }

  /** Takes in a host that another hub made; its monitor may come later. */
  #admit(host: Host): void {
    const name = this.#parts.monitor(host.id)?.name ?? monitorNameOf(host.names[0] ?? host.id);
    const row = new HostRow(host, name, this.#settings.maxSeries);
    row.isShown = true;
    this.#rows.set(host.id, row);
  }

  /** Another hub deleted a host. What it sent here meanwhile is nobody's. */
  #bury(row: HostRow): void {
    const { clock, store, onError } = this.#parts;
    this.#forget(row.id);
    if (clock.now() - row.tookAt > afterlifeMs) return;
    row
      .settled()
      .then(() => store.deleteSource(row.source))
      .catch(onError);
  }

  #forget(id: HostId): void {
    const row = this.#rows.get(id);
    if (this.#parts.others !== undefined) this.#noteGone(id);
    this.#rows.delete(id);
    this.#identities.remove(id);
    this.keeper.forget(id);
    const from = row?.host.clonedFrom ?? null;
    if (from !== null) this.#sayClones(from);
    for (const other of this.#rows.values()) {
      if (other.host.clonedFrom === id) this.#takeOver(other.id);
    }
  }

  /** Notes that it is gone, for as long as somebody may still have read that it is there. */
  #noteGone(id: HostId): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [old, ms] of this.#gone) {
      if (nowMs - ms > afterlifeMs) this.#gone.delete(old);
    }
    this.#gone.set(id, nowMs);
  }

  /** What is known of the host's identity goes into the host. */
  #takeOver(id: HostId): void {
    const row = this.#rows.get(id);
    const known = this.#identities.get(id);
    if (row === undefined || known === undefined) return;
    const { identity, names, bootId, clonedFrom } = known;
    row.host = { ...row.host, identity, names, bootId, clonedFrom };
    this.keeper.changed(id);
    this.#sayClones(id);
  }

  #sayClones(id: HostId): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const from = row.host.clonedFrom;
    const others = from === null ? this.#identities.clonesOf(id).map((one) => one.id) : [from];
    const names = others.map((other) => this.#parts.monitor(other)?.name ?? other);
    const advice = "it was cloned without a machine id of its own (/etc/machine-id)";
    row.shares(
      names.length === 0 ? null : `It has the same machine id as ${names.join(", ")}: ${advice}`,
    );
  }

  /** Notes what an agent says beside samples. */
  #hearAgent(row: HostRow, sender: BatchHost, heardAt: number): void {
    this.#heard(row, heardAt);
    row.clockOffsetMs = Math.round(sender.sent_at - heardAt);
    const { agentVersion, intervalMs } = saidBy(sender);
    if (row.host.agentVersion !== agentVersion || row.host.intervalMs !== intervalMs) {
      if (row.host.agentVersion === null) this.keeper.retentionChanged();
      row.host = { ...row.host, agentVersion, intervalMs };
      this.keeper.changed(row.id);
    }
    this.#follow(row, sender);
  }

  #hearPost(row: HostRow, post: StackPost, heardAt: number): void {
    this.#heard(row, heardAt);
    if (row.host.agentVersion !== null) return;
    row.clockOffsetMs = Math.round(post.timestamp * 1000 - heardAt);
    const intervalMs = row.intervalAfterPost(heardAt);
    if (row.host.intervalMs !== intervalMs) {
      row.host = { ...row.host, intervalMs };
      this.keeper.changed(row.id);
    }
    this.#follow(row, { name: null, labels: row.host.agentLabels });
  }

  #heard(row: HostRow, heardAt: number): void {
    row.rename(this.#parts.monitor(row.id)?.name);
    row.lastHeardAt = heardAt;
    row.host = { ...row.host, lastHeardAt: heardAt };
    this.keeper.heard(row.id);
    this.#parts.onHeard(row.id);
  }

  /** Has the monitor follow what the host says. Nobody waits for it: the next batch says it again. */
  #follow(row: HostRow, said: Said): void {
    const monitor = this.#parts.monitor(row.id);
    if (monitor === undefined || row.following !== null) return;
    const nowMs = this.#parts.clock.monotonicMs();
    const next = followHost(monitor, row.host, said, this.#parts.clock.now());
    if (next === null) return this.#learnLabels(row, said.labels);
    if (nowMs < row.followAgainMs) return;
    row.following = row.during(this.#parts.update(next)).then(
      (result) => {
        row.following = null;
        if (result !== "updated") return;
        this.#learnLabels(row, said.labels);
        this.renamed(row.id);
      },
      (error: unknown) => {
        row.following = null;
        row.followAgainMs = nowMs + followPauseMs;
        this.#parts.onError(error);
      },
    );
  }

  /** The agent's labels are noted once the monitor has them: they are what its next ones are compared with. */
  #learnLabels(row: HostRow, agentLabels: Host["agentLabels"]): void {
    if (sameLabels(row.host.agentLabels, agentLabels)) return;
    row.host = { ...row.host, agentLabels };
    this.keeper.changed(row.id);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === "conflict";
}

function tooMany(): AppError {
  const message = `${mostHosts} hosts are known already; delete some first`;
  return new AppError("invalid", "No further host is taken in", {
    problems: [{ path: "host", message }],
  });
}
