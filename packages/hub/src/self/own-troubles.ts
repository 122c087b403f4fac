/**
 * Belfry's own troubles: looks at its figures once a second and raises what is wrong, by the table of kinds. What is said
 * waits in the keeper while the store is away. That Belfry's own network was gone, or its clock jumped, is told once, when
 * it is over; gaps of the network that follow one another closely are one.
 */
import type { Severity } from "@belfry/contract";
import type { Clock } from "../model/clock.ts";
import type { KeptRuleState } from "../model/rule-state.ts";
import type { Signal } from "../model/signal.ts";
import {
  ownTroubleKinds,
  pastTroubles,
  type OwnFigures,
  type OwnTroubleKind,
} from "./own-trouble-kinds.ts";
import type { TroubleKeeper, TroubleKey } from "./trouble-keeper.ts";

export interface OwnTroublesParts {
  readonly clock: Clock;
  readonly keeper: TroubleKeeper;
  /** Where this hub is: each has troubles of its own. */
  readonly location: string;
  /** What its process is found by, where several share a database; null: it is alone. */
  readonly process: string | null;
  readonly figures: () => OwnFigures;
}

/** A time without a network, epoch ms, and how many monitors could not be checked. */
export interface LostTime {
  readonly from: number;
  readonly to: number;
  readonly monitors: number;
}

/** When each kind began to hold, or ceased to, monotonic ms. */
interface Watched {
  holdsMs: number | null;
  endsMs: number | null;
}

const everyMs = 1_000;
/** A wall clock that is off by more than that against the monotonic one jumped, ms. */
const jumpMs = 5_000;
/** A network that is there for so long is there, ms. */
const settledMs = 15_000;

/** All own troubles, of whichever process, are kept under sources that begin so. */
export const ownPrefix = "belfry:";

/** What the troubles of a process are kept under. */
export function ownSource({
  location,
  process,
}: Pick<OwnTroublesParts, "location" | "process">): string {
  return process === null ? `${ownPrefix}${location}` : `${ownPrefix}${location}:${process}`;
}

export class OwnTroubles implements Disposable {
  readonly #parts: OwnTroublesParts;
  readonly #watched = new Map<string, Watched>();
  #looked: { readonly wallMs: number; readonly monotonicMs: number };
  #lost: (LostTime & { readonly knownMs: number }) | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: OwnTroublesParts) {
    this.#parts = parts;
    this.#looked = this.#read();
  }

  /** Takes up what rang before the start. */
  load(kept: readonly KeptRuleState[]): void {
    const own = kept.filter(({ source }) => source === this.#source);
    this.#parts.keeper.load(own, this.#source);
  }

  /** Begins to look once a second. */
  start(): void {
    this.#looked = this.#read();
    this.#timer ??= setInterval(() => this.look(), everyMs);
  }

  /** Kinds that ring now, by their rules. */
  get ringing(): readonly string[] {
    return ownTroubleKinds.flatMap(({ rule }) =>
      this.#parts.keeper.raised(this.#key(rule)) === undefined ? [] : [rule],
    );
  }

  /** Belfry's own network was gone, and is there again. */
  networkBack(lost: LostTime): void {
    const before = this.#lost;
    this.#lost = {
      from: before?.from ?? lost.from,
      to: lost.to,
      monitors: Math.max(before?.monitors ?? 0, lost.monitors),
      knownMs: this.#parts.clock.monotonicMs(),
    };
  }

  /** Looks now. */
  look(): void {
    const now = this.#read();
    this.#lookAtClock(now);
    this.#looked = now;
    const figures = this.#parts.figures();
    for (const kind of ownTroubleKinds) this.#lookAt(kind, figures, now);
    const lost = this.#lost;
    if (lost === null || now.monotonicMs - lost.knownMs < settledMs) return;
    this.#lost = null;
    this.#tellLost(lost);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#lost !== null) this.#tellLost(this.#lost);
    this.#lost = null;
  }

  #lookAt(
    kind: OwnTroubleKind,
    figures: OwnFigures,
    { wallMs, monotonicMs }: { readonly wallMs: number; readonly monotonicMs: number },
  ): void {
    const { keeper } = this.#parts;
    const key = this.#key(kind.rule);
    const raised = keeper.raised(key);
    const found = kind.look(figures, raised !== undefined);
    const watched = this.#watched.get(kind.rule) ?? { holdsMs: null, endsMs: null };
    this.#watched.set(kind.rule, watched);
    if (found === null) {
      watched.holdsMs = null;
      watched.endsMs ??= monotonicMs;
      if (monotonicMs - watched.endsMs >= kind.recoveryMs) keeper.clear(key, wallMs);
      return;
    }
    watched.endsMs = null;
    watched.holdsMs ??= monotonicMs;
    const heldMs = monotonicMs - watched.holdsMs;
    if (raised?.severity === found.severity || heldMs < kind.holdMs) return;
    const at = raised === undefined ? wallMs - Math.round(heldMs) : wallMs;
    keeper.raise(key, this.#signal(kind, found, { at, decidedAt: wallMs }));
  }

  #lookAtClock({ wallMs, monotonicMs }: { readonly wallMs: number; readonly monotonicMs: number }) {
    const passedMs = monotonicMs - this.#looked.monotonicMs;
    const jumpedMs = wallMs - this.#looked.wallMs - passedMs;
    if (Math.abs(jumpedMs) <= jumpMs) return;
    const seconds = Math.round(Math.abs(jumpedMs) / 1000);
    const message = `it went ${jumpedMs > 0 ? "forward" : "back"} by ${seconds} s`;
    this.#tellPast("clock_jumped", message, { from: wallMs, to: wallMs });
  }

  #tellLost({ from, to, monitors }: LostTime): void {
    const seconds = Math.max(1, Math.round((to - from) / 1000));
    const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    const unknown = `${monitors} monitor${monitors === 1 ? "" : "s"} could not be checked`;
    this.#tellPast("own_network", `it was gone from ${span} (${seconds} s); ${unknown}`, {
      from,
      to,
    });
  }

  #tellPast(
    rule: keyof typeof pastTroubles,
    message: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    const { keeper, clock } = this.#parts;
    const { part, name, severity } = pastTroubles[rule];
    const times = { at: from, decidedAt: clock.now() };
    keeper.raise(this.#key(rule), this.#signal({ rule, part, name }, { severity, message }, times));
    keeper.clear(this.#key(rule), to, message);
  }

  #signal(
    { rule, part, name }: Pick<OwnTroubleKind, "rule" | "part" | "name">,
    { severity, message }: { readonly severity: Severity; readonly message: string },
    times: Pick<Signal, "at" | "decidedAt">,
  ): Signal {
    const { location, process } = this.#parts;
    const id = process === null ? `${location}:${part}` : `${location}:${process}:${part}`;
    return {
      key: `${rule}:belfry:${id}`,
      state: "raised",
      rule,
      subject: { kind: "belfry", id, name: process === null ? name : `${name} (${process})` },
      severity,
      ...times,
      message,
      reason: rule === "own_network" ? "own_network" : null,
      evidence: {},
      labels: process === null ? { location } : { location, process },
    };
  }

  get #source(): string {
    return ownSource(this.#parts);
  }

  #key(rule: string): TroubleKey {
    return { source: this.#source, ruleId: rule };
  }

  #read(): { readonly wallMs: number; readonly monotonicMs: number } {
    const { clock } = this.#parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }
}
