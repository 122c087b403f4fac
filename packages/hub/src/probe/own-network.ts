/**
 * "Is it me?" Whether Belfry's own network is there, asked when a check fails in a way a dead network of our own would
 * cause as well. Witnesses are asked: the anchors that were configured, or else the default gateways, the name servers
 * and a few targets that answered lately. A gateway or name server counts from its first answer on: one that drops
 * everything never becomes a witness.
 *
 * - Any answer, also one to a check within the last second, means that the network is there.
 * - It is gone when nobody answers and that is more than one machine's fault: the one the check was about does not count
 *   as a witness against itself, and targets only count against a network when they are in several networks. Without
 *   enough witnesses the network is taken to be there: an outage of one target is never excused.
 * - It is gone without any witness when no interface beside loopback has a route any more.
 *
 * States: there → gone (a doubt was confirmed) → there (somebody answered). While it is gone, somebody is asked every
 * second. A check that began before it was back says nothing of its target.
 */
import type { Clock } from "../model/clock.ts";
import { networkOf, parseAddress } from "./address.ts";
import type { Surroundings } from "./surroundings.ts";
import { anyOf, type Witness, type WitnessMakers } from "./witness.ts";

export interface OwnNetworkParts {
  readonly clock: Clock;
  /** Read anew with each round of questions; null: nothing is asked without configured anchors. */
  readonly surroundings: (() => Surroundings) | null;
  /** Those that were configured; they are asked in place of all others. */
  readonly anchors: readonly Witness[];
  readonly witnesses: WitnessMakers;
}

/** A time without a network, epoch ms. */
export interface NetworkGap {
  readonly from: number;
  readonly to: number;
}

/** What a doubt is about. */
export interface Doubt {
  /** The address that did not answer; null: a name could not be looked up. */
  readonly about: string | null;
  /** When the check began, monotonic ms. */
  readonly sinceMs: number;
  /** No longer than that, ms. */
  readonly waitMs: number;
  /** The system itself said that there is no way: what answered a moment ago says nothing of now. */
  readonly isRefused?: boolean;
}

/** How long witnesses have to answer, ms. */
const limitMs = 500;
/** An answer is good for so long, and doubts share a round of questions that was begun after their checks, ms. */
const sharedMs = 1_000;
/** Rounds are not begun more often than that, ms. */
const leastApartMs = 100;
const askAgainMs = 1_000;
/** Without an answer of anybody for so long, somebody is asked although no check is in doubt, ms. */
const quietMs = 10_000;
/** Those that never answered are tried again so often, ms. */
const proveMs = 60_000;
/** Targets that answered within this time may be asked, ms. */
const latelyMs = 900_000;
const mostTargets = 6;
const mostRemembered = 256;
const networkBits = { 4: 24, 6: 64 } as const;

interface Round {
  readonly atMs: number;
  readonly asked: number;
  readonly silent: readonly Witness[];
  readonly hasRoute: boolean;
  readonly answered: Promise<boolean>;
}

export class OwnNetwork implements Disposable {
  readonly #parts: OwnNetworkParts;
  readonly #targets = new Map<string, { readonly port: number; atMs: number }>();
  readonly #proven = new Set<string>();
  #gateways: readonly string[] = [];
  #hadRoute = false;
  #round: Round | null = null;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #gone: { readonly since: number } | null = null;
  #goneUntilMs = Number.NEGATIVE_INFINITY;
  #own: ReadonlySet<string> = new Set();
  #provedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #onBack: (gap: NetworkGap) => void = () => undefined;

  constructor(parts: OwnNetworkParts) {
    this.#parts = parts;
  }

  /** How long witnesses have to answer, ms; 0: there are none, and the network is taken to be there. */
  get limitMs(): number {
    return this.#isUsed ? limitMs : 0;
  }

  /** Since when it is gone, epoch ms; null: it is there. */
  get goneSince(): number | null {
    return this.#gone?.since ?? null;
  }

  /** Begins to look for witnesses, and to ask them when nothing else is heard. `onBack` is told of every gap once it is over. */
  watch(onBack: (gap: NetworkGap) => void): void {
    this.#onBack = onBack;
    if (!this.#isUsed) return;
    this.#timer ??= setInterval(() => void this.#look(), askAgainMs);
    void this.#look();
  }

  /** A target answered a check, at a TCP port where one is given: it can be asked then. */
  answered(address: string, port: number | null): void {
    if (this.#isOwn(address)) return;
    const now = this.#parts.clock.monotonicMs();
    this.#answeredMs = now;
    if (this.#gone !== null) this.#back();
    if (port === null) return;
    const known = this.#targets.get(address);
    if (known !== undefined) {
      known.atMs = now;
      return;
    }
    this.#targets.set(address, { port, atMs: now });
    if (this.#targets.size <= mostRemembered) return;
    for (const oldest of this.#targets.keys()) {
      this.#targets.delete(oldest);
      break;
    }
  }

  /** Asks the witnesses ahead of a doubt that is about to be. */
  prepare(): void {
    if (this.#isUsed && !this.#isFresh()) this.#ask(this.#parts.clock.monotonicMs() - sharedMs);
  }

  /** Whether a check failed because the network is, or was meanwhile, gone. Never rejects. */
  async isGone({ about, sinceMs, waitMs, isRefused = false }: Doubt): Promise<boolean> {
    if (!this.#isUsed) return false;
    if (this.#parts.anchors.length === 0 && about !== null && this.#isOwn(about)) return false;
    if (this.#gone !== null || this.#goneUntilMs > sinceMs) return true;
    if (!isRefused && this.#isFresh()) return false;
    const round = this.#ask(sinceMs);
    if (await within(round.answered, waitMs)) return false;
    if (!this.#isConclusive(round, about)) return false;
    const { clock } = this.#parts;
    const passedMs = Math.max(0, Math.round(clock.monotonicMs() - sinceMs));
    this.#gone ??= { since: clock.now() - passedMs };
    return true;
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  get #isUsed(): boolean {
    return this.#parts.anchors.length > 0 || this.#parts.surroundings !== null;
  }

  /** An address of this machine answers whatever becomes of the network. */
  #isOwn(address: string): boolean {
    return this.#own.has(address) || isLoopback(address);
  }

  /** Somebody answered just now. */
  #isFresh(): boolean {
    return this.#parts.clock.monotonicMs() - this.#answeredMs < sharedMs;
  }

  #back(): void {
    const { clock } = this.#parts;
    const from = this.#gone?.since ?? clock.now();
    this.#gone = null;
    this.#goneUntilMs = clock.monotonicMs();
    this.#onBack({ from, to: Math.max(from, clock.now()) });
  }

  /** The present round, if it began after `sinceMs`; else a new one. */
  #ask(sinceMs: number): Round {
    const now = this.#parts.clock.monotonicMs();
    const known = this.#round;
    if (known !== null && now - known.atMs < leastApartMs) return known;
    if (known !== null && known.atMs >= sinceMs && now - known.atMs < sharedMs) return known;
    const surroundings = this.#parts.surroundings?.();
    if (surroundings !== undefined) this.#own = surroundings.own;
    const hasRoute = surroundings?.hasRoute ?? true;
    this.#hadRoute ||= hasRoute;
    const asked = this.#witnesses(surroundings);
    const silent = new Set(asked);
    const answers = asked.map(async (witness) => {
      const answered = await witness.answers(limitMs);
      if (answered) silent.delete(witness);
      return answered;
    });
    const answered = anyOf(answers).then((any) => {
      if (any && this.#gone !== null) this.#back();
      return any;
    });
    const round: Round = {
      atMs: now,
      asked: asked.length,
      get silent() {
        return [...silent];
      },
      hasRoute,
      answered,
    };
    this.#round = round;
    return round;
  }

  #witnesses(surroundings: Surroundings | undefined): readonly Witness[] {
    const { anchors } = this.#parts;
    if (anchors.length > 0) return anchors;
    return [
      ...this.#systemWitnesses(surroundings).filter(({ address }) => this.#proven.has(address)),
      ...this.#targetWitnesses(),
    ];
  }

  #systemWitnesses(surroundings: Surroundings | undefined): readonly Witness[] {
    if (surroundings === undefined) return [];
    // Without a network there is no default route either: the last one is meant then.
    if (surroundings.gateways.length > 0) this.#gateways = surroundings.gateways;
    const gateways = this.#gateways.filter((address) => !surroundings.own.has(address));
    return [
      ...[...new Set(gateways)].map((one) => this.#parts.witnesses.gateway(one)),
      ...[...new Set(surroundings.nameServers)].map((one) => this.#parts.witnesses.nameServer(one)),
    ];
  }

  /** One of each network first: those say most. */
  #targetWitnesses(): readonly Witness[] {
    const since = this.#parts.clock.monotonicMs() - latelyMs;
    const lately = [...this.#targets]
      .filter(([address, { atMs }]) => atMs > since && !this.#own.has(address))
      .toSorted(([, a], [, b]) => b.atMs - a.atMs);
    const byNetwork = new Map<string, (typeof lately)[number]>();
    for (const one of lately) {
      const network = networkText(one[0]);
      if (!byNetwork.has(network)) byNetwork.set(network, one);
    }
    const first = [...byNetwork.values()].slice(0, mostTargets);
    const more = lately.filter((one) => !first.includes(one));
    return [...first, ...more]
      .slice(0, mostTargets)
      .map(([address, { port }]) => this.#parts.witnesses.target(address, port));
  }

  /** Whether that nobody answers is more than one machine's fault. */
  #isConclusive({ silent, hasRoute }: Round, about: string | null): boolean {
    const against = silent.filter(({ address }) => address !== about);
    if (this.#parts.anchors.length > 0) return against.length > 0;
    if (!hasRoute) return this.#hadRoute;
    // A name that cannot be looked up is no word against the network beside the silence of name servers.
    const counted = about === null ? against.filter(({ kind }) => kind !== "name_server") : against;
    if (counted.some(({ kind }) => kind !== "target")) return true;
    const networks = new Set(counted.map(({ address }) => networkText(address)));
    if (about !== null) networks.delete(networkText(about));
    return networks.size >= 2;
  }

  /** Once a second: proves witnesses, and asks them while it is gone or nothing is heard. */
  async #look(): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    if (this.#gone !== null) {
      const round = this.#ask(now);
      await round.answered;
      // Where nobody can be asked, a way out is all that can be known.
      if (round.asked === 0 && round.hasRoute && this.#gone !== null) this.#back();
      return;
    }
    if (now - this.#provedMs >= proveMs) {
      this.#provedMs = now;
      await this.#prove();
    }
    const heardMs = Math.max(this.#answeredMs, this.#round?.atMs ?? Number.NEGATIVE_INFINITY);
    if (now - heardMs >= quietMs) await this.isGone({ about: null, sinceMs: now, waitMs: limitMs });
  }

  async #prove(): Promise<void> {
    const surroundings = this.#parts.surroundings?.();
    if (surroundings === undefined || this.#parts.anchors.length > 0) return;
    this.#own = surroundings.own;
    this.#hadRoute ||= surroundings.hasRoute;
    const unproven = this.#systemWitnesses(surroundings).filter(
      ({ address }) => !this.#proven.has(address),
    );
    await Promise.all(
      unproven.map(async (witness) => {
        if (await witness.answers(limitMs)) this.#proven.add(witness.address);
      }),
    );
  }
}

function networkText(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : networkOf(parsed, networkBits[parsed.family]);
}

function isLoopback(address: string): boolean {
  return (
    address.startsWith("127.") || address === "::1" || address === "0.0.0.0" || address === "::"
  );
}

/** What an answer is, or false when it takes longer. */
function within(answer: Promise<boolean>, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), waitMs);
    void answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
