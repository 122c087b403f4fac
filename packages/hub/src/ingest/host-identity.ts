/**
 * Which host a batch or a post is from. Pure: it keeps what hosts are known by and decides at once; whoever asks makes the
 * host and stores what changed.
 *
 * - An agent's host is known by its machine id, whatever its name. The name it says becomes the first of its names.
 * - A name belongs to one host at a time. It goes to whoever says it, unless it is the present name of another machine that
 *   is heard as well.
 * - A host that only ever posted under a name becomes the host of the first agent that says this name.
 * - A post belongs to the host that has its name, an agent's or not.
 * - Two machines with one machine id are told apart by what changes with every boot and by their names: where the two are
 *   heard by turns (one, the other, the one, the other, each again within the deadline), they are clones, and the second
 *   becomes a host of its own. A reboot or a new name never goes back, so neither is mistaken for a clone.
 */
import type { Host } from "../model/host.ts";
import type { HostId } from "../model/id.ts";

/** Who sends a batch. */
export interface Sender {
  readonly machineId: string;
  readonly bootId: string;
  readonly name: string;
}

/** What a host is known by. Only `HostIdentities` changes it. */
export interface Known {
  readonly id: HostId;
  /** See `Host.identity`. */
  readonly identity: string;
  readonly names: readonly string[];
  readonly bootId: string | null;
  readonly clonedFrom: HostId | null;
}

export interface IdentityParts {
  readonly newId: () => HostId;
  /** Ms without a sign of life after which a host counts as silent. */
  readonly deadlineOf: (id: HostId) => number;
  /** Told of a host whose names, identity or boot id changed; not of a new one. */
  readonly onChanged: (id: HostId) => void;
}

/** Whom something is from. */
export interface Found {
  readonly known: Known;
  /** It has to be made. */
  readonly isNew: boolean;
  /** Of a new one: who had its name; null: nobody that is known. */
  readonly namesFrom: HostId | null;
}

/** One machine as it was heard: what a clone cannot share with it all the time. */
interface Voice {
  readonly bootId: string;
  /** null: not known, it was loaded. */
  readonly name: string | null;
  heardMs: number;
}

interface Member {
  readonly id: HostId;
  identity: string;
  names: readonly string[];
  bootId: string | null;
  clonedFrom: HostId | null;
  /** Monotonic ms. */
  heardMs: number;
  present: Voice | null;
  /** The voice before the present one. */
  former: Voice | null;
  /** How often in a row the former voice came back. */
  returns: number;
  /** When the present and the former voice began to be heard by turns. */
  turnsSinceMs: number;
}

const mostNames = 10;

export class HostIdentities {
  readonly #parts: IdentityParts;
  readonly #members = new Map<HostId, Member>();
  readonly #byIdentity = new Map<string, Member>();
  readonly #byName = new Map<string, Member>();
  /** Machine id → the hosts that have it, the first one first. */
  readonly #families = new Map<string, Member[]>();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  get(id: HostId): Known | undefined {
    return this.#members.get(id);
  }

  byName(name: string): Known | undefined {
    return this.#byName.get(name);
  }

  /** Whether another host was found to share its machine id. */
  clonesOf(id: HostId): readonly Known[] {
    return [...this.#members.values()].filter(({ clonedFrom }) => clonedFrom === id);
  }

  /** Takes in a host that was kept. */
  load(host: Host): void {
    const present =
      host.bootId === null
        ? null
        : { bootId: host.bootId, name: host.names[0] ?? null, heardMs: Number.NEGATIVE_INFINITY };
    this.#add({ ...unheardMember(host), bootId: host.bootId, present });
    for (const name of host.names.toReversed()) this.#give(host.id, name);
  }

  /**
   * Takes over what another hub keeps of these hosts, new ones included, all at once; nobody is told. A name or an identity
   * that another host has here as well is theirs. What such a host was last heard as counts as a voice of its machine, so
   * that clones are told apart when one is heard at each hub. `nowMs` is monotonic.
   */
  follow(hosts: readonly Host[], nowMs: number): void {
    for (const { id } of hosts) {
      const member = this.#members.get(id);
      if (member !== undefined) this.#release(member);
    }
    for (const host of hosts) {
      const member = this.#members.get(host.id) ?? unheardMember(host);
      member.identity = host.identity;
      member.clonedFrom = host.clonedFrom;
      member.names = [];
      this.#add(member);
      for (const name of host.names) {
        const holder = this.#byName.get(name);
        if (holder !== undefined && holder !== member) {
          holder.names = holder.names.filter((one) => one !== name);
        }
        this.#byName.set(name, member);
      }
      member.names = host.names;
      const { bootId, names } = host;
      const [name] = names;
      if (bootId === null || name === undefined) member.bootId = bootId;
      else this.#hear(member, { bootId, name }, nowMs, false);
    }
  }

  /** A host was heard by another hub. `nowMs` is monotonic. */
  heardElsewhere(id: HostId, nowMs: number): void {
    const member = this.#members.get(id);
    if (member !== undefined) member.heardMs = nowMs;
  }

  /** Whether a machine is known, be it under another name. */
  knowsMachine(machineId: string): boolean {
    return this.#families.has(machineOf(identityOf(machineId)) ?? "");
  }

  /** Whether a post under a name is a known host's. */
  knowsName(name: string): boolean {
    return this.#byName.has(name) || this.#byIdentity.has(`name:${name}`);
  }

  /** How many hosts have the machine id of a host. */
  familyOf(id: HostId): number {
    const machine = machineOf(this.#members.get(id)?.identity ?? "");
    return machine === null ? 1 : (this.#families.get(machine)?.length ?? 0);
  }

  remove(id: HostId): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    const family = this.#release(member);
    for (const one of family) if (one.clonedFrom === id) one.clonedFrom = null;
  }

  /** Nothing leads to it any more; answers with those that have its machine id. */
  #release(member: Member): readonly Member[] {
    if (this.#byIdentity.get(member.identity) === member) this.#byIdentity.delete(member.identity);
    for (const name of member.names) {
      if (this.#byName.get(name) === member) this.#byName.delete(name);
    }
    const machine = machineOf(member.identity);
    if (machine === null) return [];
    const family = (this.#families.get(machine) ?? []).filter((one) => one !== member);
    if (family.length === 0) this.#families.delete(machine);
    else this.#families.set(machine, family);
    return family;
  }

  /** Whom a batch is from. `nowMs` is monotonic. */
  ofBatch(sender: Sender, nowMs: number): Found {
    const { member, isNew } = this.#ofMachine(sender, nowMs);
    const namesFrom = this.#byName.get(sender.name)?.id ?? null;
    member.heardMs = nowMs;
    const before = { names: member.names, bootId: member.bootId };
    this.#hear(member, sender, nowMs);
    if (member.names[0] !== sender.name) this.#claim(member, sender.name, nowMs);
    const changed = member.names !== before.names || member.bootId !== before.bootId;
    if (changed && !isNew) this.#parts.onChanged(member.id);
    return { known: member, isNew, namesFrom };
  }

  /** Whom a post under a name is from. */
  ofPost(name: string, nowMs: number): Found {
    const identity = `name:${name}`;
    const known = this.#byName.get(name) ?? this.#byIdentity.get(identity);
    const member = known ?? this.#create(identity, null, null);
    if (machineOf(member.identity) === null) member.heardMs = nowMs;
    if (!member.names.includes(name)) {
      this.#give(member.id, name);
      if (known !== undefined) this.#parts.onChanged(member.id);
    }
    return { known: member, isNew: known === undefined, namesFrom: null };
  }

  #ofMachine(sender: Sender, nowMs: number): { member: Member; isNew: boolean } {
    const identity = identityOf(sender.machineId);
    const family = this.#families.get(machineOf(identity) ?? "") ?? [];
    const member = memberOf(family, sender, this.#byIdentity.get(identity));
    if (member !== undefined) {
      return this.#isClone(member, sender, nowMs)
        ? this.#cloneOf(family, member, sender)
        : { member, isNew: false };
    }
    const posted = this.#byName.get(sender.name);
    if (posted !== undefined && machineOf(posted.identity) === null) {
      this.#rename(posted, identity);
      this.#parts.onChanged(posted.id);
      return { member: posted, isNew: false };
    }
    return { member: this.#create(identity, sender.bootId, null), isNew: true };
  }

  /** Whether the sender is the other one of two voices that are heard by turns. */
  #isClone({ id, present, former, returns }: Member, sender: Sender, nowMs: number): boolean {
    if (present === null || isSame(present, sender)) return false;
    if (former === null || !isSame(former, sender) || returns === 0) return false;
    return nowMs - former.heardMs <= this.#parts.deadlineOf(id);
  }

  /** The clone that is there already and not heard otherwise, or a new one. */
  #cloneOf(
    family: readonly Member[],
    original: Member,
    sender: Sender,
  ): { member: Member; isNew: boolean } {
    original.former = null;
    original.returns = 0;
    const first = `${identityOf(sender.machineId)}/${sender.name}`;
    for (let n = 1; ; n += 1) {
      const identity = n === 1 ? first : `${first}/${n}`;
      const known = this.#byIdentity.get(identity);
      if (known === undefined) {
        const from = family.find((one) => one.clonedFrom === null) ?? original;
        return { member: this.#create(identity, sender.bootId, from.id), isNew: true };
      }
      // Silent since the turns began: it is this one, after a reboot.
      if (known !== original && known.heardMs < original.turnsSinceMs) {
        return { member: known, isNew: false };
      }
    }
  }

  #isHeard(member: Member, nowMs: number): boolean {
    return nowMs - member.heardMs <= this.#parts.deadlineOf(member.id);
  }

  /**
   * Notes which of the machines with this id was heard. That another hub says so does not count as a return: it may write
   * late what it heard before a reboot.
   */
  #hear(member: Member, sender: Omit<Sender, "machineId">, nowMs: number, isOwn = true): void {
    const { present, former } = member;
    if (present !== null && isSame(present, sender)) {
      present.heardMs = nowMs;
      return;
    }
    const comesBack =
      former !== null &&
      isSame(former, sender) &&
      nowMs - former.heardMs <= this.#parts.deadlineOf(member.id);
    member.returns = comesBack ? member.returns + (isOwn ? 1 : 0) : 0;
    if (!comesBack) member.turnsSinceMs = nowMs;
    member.former = present;
    member.present = { bootId: sender.bootId, name: sender.name, heardMs: nowMs };
    member.bootId = sender.bootId;
  }

  /** Gives a name to a host, unless it is the present one of another machine that is heard as well. */
  #claim(member: Member, name: string, nowMs: number): void {
    const holder = this.#byName.get(name);
    const isTaken =
      holder !== undefined &&
      holder !== member &&
      holder.names[0] === name &&
      machineOf(holder.identity) !== null &&
      this.#isHeard(holder, nowMs);
    if (!isTaken) this.#give(member.id, name);
  }

  #give(id: HostId, name: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    const holder = this.#byName.get(name);
    if (holder !== undefined && holder !== member) {
      holder.names = holder.names.filter((one) => one !== name);
      this.#parts.onChanged(holder.id);
    }
    const names = [name, ...member.names.filter((one) => one !== name)];
    for (const old of names.slice(mostNames)) this.#byName.delete(old);
    member.names = names.slice(0, mostNames);
    this.#byName.set(name, member);
  }

  #create(identity: string, bootId: string | null, clonedFrom: HostId | null): Member {
    const id = this.#parts.newId();
    const member = { ...unheardMember({ id, identity, clonedFrom }), bootId };
    this.#add(member);
    return member;
  }

  #add(member: Member): void {
    this.#members.set(member.id, member);
    this.#byIdentity.set(member.identity, member);
    this.#join(member);
  }

  #join(member: Member): void {
    const machine = machineOf(member.identity);
    if (machine === null) return;
    this.#families.set(machine, [...(this.#families.get(machine) ?? []), member]);
  }

  #rename(member: Member, identity: string): void {
    this.#byIdentity.delete(member.identity);
    member.identity = identity;
    this.#byIdentity.set(identity, member);
    this.#join(member);
  }
}

function unheardMember({
  id,
  identity,
  clonedFrom,
}: Pick<Host, "id" | "identity" | "clonedFrom">): Member {
  return {
    id,
    identity,
    names: [],
    bootId: null,
    clonedFrom,
    heardMs: Number.NEGATIVE_INFINITY,
    present: null,
    former: null,
    returns: 0,
    turnsSinceMs: Number.NEGATIVE_INFINITY,
  };
}

/**
 * The host of a machine id a sender is: the one that was heard like this, has this name, had this boot, once had this
 * name; else the one that is not a clone.
 */
function memberOf(
  family: readonly Member[],
  sender: Sender,
  original: Member | undefined,
): Member | undefined {
  const [only, another] = family;
  if (another === undefined && only === original) return only;
  const sameBoot = family.filter(({ bootId }) => bootId === sender.bootId);
  return (
    family.find(({ present }) => present !== null && isSame(present, sender)) ??
    family.find(({ names }) => names[0] === sender.name) ??
    (sameBoot.length === 1 ? sameBoot[0] : undefined) ??
    family.find(({ names }) => names.includes(sender.name)) ??
    original
  );
}

function isSame(voice: Voice, sender: Omit<Sender, "machineId">): boolean {
  return voice.bootId === sender.bootId && (voice.name === null || voice.name === sender.name);
}

/** Of a machine that is no clone. The id is written so that it holds no slash, which stands before the name of a clone. */
function identityOf(machineId: string): string {
  return `machine:${encodeURIComponent(machineId)}`;
}

/** The machine id within an identity, as it is written there; null for a host that is known by its name. */
function machineOf(identity: string): string | null {
  if (!identity.startsWith("machine:")) return null;
  const [machine = ""] = identity.slice("machine:".length).split("/");
  return machine;
}
