/**
 * The sinks a sidecar has now, each with its delivery, and how they become others while it runs. A sink whose settings stay
 * the same is not touched: an attempt under way goes on. Of one that changed the attempt is broken off and its events are
 * read again from its place in the spool, so that nothing is left out.
 */
import { isDeepStrictEqual } from "node:util";
import { startDelivery, type Delivery, type DeliveryParts } from "../delivery/delivery.ts";
import type { EventSink, EventSinkParts } from "../event-sink.ts";
import type { Cursor } from "../spool/cursor.ts";
import type { DeadLetters } from "../spool/dead.ts";
import type { Spool } from "../spool/spool.ts";
import type { Integration } from "./integrations.ts";

export interface SinkSetParts extends Pick<DeliveryParts, "log" | "clock" | "sleep" | "random"> {
  readonly spool: Pick<Spool, "cursor" | "cursorNames" | "dead" | "forgetCursor" | "stats">;
  readonly stdout: EventSinkParts["stdout"];
}

/** Names of sinks, by what became of them. */
export interface SinkChange {
  readonly kept: readonly string[];
  readonly started: readonly string[];
  readonly stopped: readonly string[];
}

interface Running {
  readonly integration: Integration;
  readonly delivery: Delivery;
}

/** A sink that is made, and not started. */
interface Prepared {
  readonly integration: Integration;
  readonly sink: EventSink;
  readonly cursor: Cursor;
  readonly dead: DeadLetters;
}

/** See the top of the file. Has no sinks until `change` gives it some. */
export class SinkSet {
  readonly #parts: SinkSetParts;
  #integrations: readonly Integration[] = [];
  #running: readonly Running[] = [];

  constructor(parts: SinkSetParts) {
    this.#parts = parts;
  }

  /** All that are configured, enabled or not. */
  get integrations(): readonly Integration[] {
    return this.#integrations;
  }

  /** Of those that are enabled. */
  get deliveries(): readonly Delivery[] {
    return this.#running.map(({ delivery }) => delivery);
  }

  /** Makes these the sinks. Rejects when one cannot be made; then everything stays as it was. Calls must not overlap. */
  async change(
    integrations: readonly Integration[],
    { forget = [] }: { readonly forget?: readonly string[] } = {},
  ): Promise<SinkChange> {
    const wanted = integrations.filter(({ enabled }) => enabled);
    const kept = this.#running.filter(({ integration }) =>
      wanted.some((one) => isSame(one, integration)),
    );
    const isKept = ({ name }: Integration): boolean =>
      kept.some(({ integration }) => integration.name === name);
    const prepared = await this.#prepare(wanted.filter((one) => !isKept(one)));
    const leaving = this.#running.filter((one) => !kept.includes(one));
    // All at once: each may wait for its sink.
    await Promise.all(leaving.map(({ delivery }) => delivery[Symbol.asyncDispose]()));
    const started = prepared.map((one) => this.#start(one));
    this.#integrations = integrations;
    this.#running = wanted.flatMap(({ name }) =>
      [...kept, ...started].filter(({ integration }) => integration.name === name),
    );
    await this.#tidyCursors(forget);
    return {
      kept: kept.map(nameOf),
      started: started.map(nameOf),
      stopped: leaving.map(nameOf).filter((name) => !wanted.some((one) => one.name === name)),
    };
  }

  async #prepare(integrations: readonly Integration[]): Promise<readonly Prepared[]> {
    const { spool, log, clock, stdout } = this.#parts;
    // What came while there was no sink at all is for the first ones; a sink beside others begins with what is new.
    const from = spool.cursorNames().length === 0 ? "beginning" : "end";
    await using made = new AsyncDisposableStack();
    const prepared: Prepared[] = [];
    for (const integration of integrations) {
      const { name, kind, settings } = integration;
      prepared.push({
        integration,
        sink: made.use(kind.create(settings, { clock, log, stdout })),
        cursor: await spool.cursor(name, { from }),
        dead: await spool.dead(name),
      });
    }
    made.move();
    return prepared;
  }

  #start({ integration, sink, cursor, dead }: Prepared): Running {
    const { log, clock, sleep, random } = this.#parts;
    const { name, kind } = integration;
    // What another delivery had read and not finished is read again.
    cursor.rewind();
    const delivery = startDelivery({ name, kind, sink, cursor, dead, log, clock, sleep, random });
    return { integration, delivery };
  }

  /** Places of sinks that are not there: without events they go; with events they stay, and are told. */
  async #tidyCursors(forget: readonly string[]): Promise<void> {
    const { spool, log } = this.#parts;
    const there = new Set(this.#running.map(nameOf));
    const { cursors } = spool.stats();
    for (const [sink, { depth }] of Object.entries(cursors)) {
      if (there.has(sink)) continue;
      if (depth === 0 || forget.includes(sink)) {
        await spool.forgetCursor(sink);
        if (depth > 0) log.warn({ sink, events: depth }, "what was kept for a sink was given up");
      } else {
        const message = "events are kept for a sink that is not there; --forget gives them up";
        log.warn({ sink, events: depth }, message);
      }
    }
  }

  /** Stops all deliveries; what is left stays in the spool. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.deliveries.map((one) => one[Symbol.asyncDispose]()));
    this.#running = [];
  }
}

function nameOf({ integration }: Running): string {
  return integration.name;
}

function isSame(a: Integration, b: Integration): boolean {
  return a.name === b.name && a.kind === b.kind && isDeepStrictEqual(a.settings, b.settings);
}
