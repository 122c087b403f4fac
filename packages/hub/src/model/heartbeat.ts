/**
 * Heartbeats: monitors that wait to be called. What is known of one follows from its calls alone, one after another, so
 * that every hub comes to the same; it is kept in the store and survives a restart.
 *
 * - `success` and `fail` answer the expected time and end runs: one with a run id its own run, one without all of them. A
 *   failure always ends all of them. (As Healthchecks has it.)
 * - `start` begins a run: until it must have ended, no expected time is waited for. The same start again changes nothing.
 * - `log` is kept and decides nothing.
 */
import type { HeartbeatSchedule, PingKind } from "@belfry/contract";
import type { MonitorId } from "./id.ts";
import type { Monitor } from "./monitor.ts";

/** The check kind of monitors that wait to be called. */
export const heartbeatKind = "heartbeat";

/** Settings of a monitor of this kind. */
export interface HeartbeatSettings {
  readonly schedule: HeartbeatSchedule;
  readonly grace_seconds: number;
  /** A run that takes longer is down; null: the grace. */
  readonly max_run_seconds: number | null;
  /** Whoever knows it may call. */
  readonly token: string;
  /** Its name in `/ping/{key}/{slug}`; null: made of the monitor's name. */
  readonly slug: string | null;
}

/** Guarantee: settings of a monitor were made by `parseSettings` of its kind, so those of this kind have this shape. */
export function heartbeatSettingsOf({ settings }: Pick<Monitor, "settings">): HeartbeatSettings {
  return settings as unknown as HeartbeatSettings;
}

/** Whether a monitor waits to be called. */
export function isHeartbeat({ kind }: Pick<Monitor, "kind">): boolean {
  return kind === heartbeatKind;
}

/** How a heartbeat is called in `/ping/{key}/{slug}`: lower-case letters, digits, `-` and `_`. */
export function slugOf({ name, settings }: Pick<Monitor, "name" | "settings">): string {
  const { slug } = heartbeatSettingsOf({ settings });
  return slug ?? slugify(name);
}

/** A name as part of a path: accents are dropped, what is neither letter nor digit becomes `-`. */
export function slugify(name: string): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return plain.replaceAll(/[^a-z0-9_]+/g, "-").replaceAll(/^-+|-+$/g, "");
}

/** A call as it came. */
export interface Ping {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: PingKind;
  readonly exitCode: number | null;
  /** Of the run, as its client says. */
  readonly rid: string | null;
  readonly method: string;
  readonly source: string;
  readonly userAgent: string;
  /** The first `pingBodyLimit` bytes, as text. */
  readonly body: string;
  readonly bodyBytes: number;
  /** What the client measured itself, in ms. */
  readonly ownDurationMs: number | null;
}

/** A call that is kept. */
export interface KeptPing extends Omit<Ping, "ownDurationMs"> {
  /** Counts up from 1. */
  readonly n: number;
  readonly durationMs: number | null;
}

/** Bytes of a call's body that are kept. */
export const pingBodyLimit = 10_000;
/** Calls of one monitor that are kept, the newest. */
export const mostPings = 100;
/** Runs that may be under way at once; of more, the oldest are forgotten. */
const mostOpenRuns = 20;

/** What the calls of a heartbeat come to. Times are epoch ms. */
export interface HeartbeatState {
  readonly pings: number;
  readonly lastPingAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastStartAt: number | null;
  readonly lastFailAt: number | null;
  readonly lastExitCode: number | null;
  readonly lastDurationMs: number | null;
  /** What the last call that decides something said; null: there was none. */
  readonly verdict: "success" | "fail" | null;
  /** Runs that were started and did not end, the oldest first. */
  readonly open: readonly OpenRun[];
  /** Up to here nobody knows whether it was called: Belfry was not there. */
  readonly excusedAt: number | null;
}

export interface OpenRun {
  readonly rid: string | null;
  readonly at: number;
}

/** What became of one call. */
export interface TakenPing {
  readonly n: number;
  readonly durationMs: number | null;
  readonly state: HeartbeatState;
}

/** A heartbeat as it is read from the store. */
export interface KeptHeartbeat {
  readonly id: MonitorId;
  readonly state: HeartbeatState;
}

/** A heartbeat that was never called. */
export const neverCalled: HeartbeatState = {
  pings: 0,
  lastPingAt: null,
  lastSuccessAt: null,
  lastStartAt: null,
  lastFailAt: null,
  lastExitCode: null,
  lastDurationMs: null,
  verdict: null,
  open: [],
  excusedAt: null,
};

/** Takes in one call. */
export function takePing(before: HeartbeatState, ping: Ping): TakenPing {
  const n = before.pings + 1;
  const called = { ...before, pings: n, lastPingAt: ping.at };
  switch (ping.kind) {
    case "log":
      return { n, durationMs: null, state: called };
    case "start": {
      const open = withStart(before.open, ping);
      return { n, durationMs: null, state: { ...called, lastStartAt: ping.at, open } };
    }
    case "success":
    case "fail": {
      const run = before.open.find(({ rid }) => rid === ping.rid);
      const durationMs =
        ping.ownDurationMs ?? (run === undefined ? null : Math.max(0, ping.at - run.at));
      const endsAll = ping.kind === "fail" || ping.rid === null;
      const state: HeartbeatState = {
        ...called,
        ...(ping.kind === "fail" ? { lastFailAt: ping.at } : { lastSuccessAt: ping.at }),
        lastExitCode: ping.exitCode,
        lastDurationMs: durationMs ?? before.lastDurationMs,
        verdict: ping.kind,
        open: endsAll ? [] : before.open.filter((one) => one !== run),
      };
      return { n, durationMs, state };
    }
  }
}

/** A run id that is under way already goes on; without a run id the last start counts. */
function withStart(open: readonly OpenRun[], { rid, at }: Ping): readonly OpenRun[] {
  if (rid !== null && open.some((run) => run.rid === rid)) return open;
  const others = open.filter((run) => run.rid !== null || rid !== null);
  return [...others, { rid, at }].slice(-mostOpenRuns);
}
