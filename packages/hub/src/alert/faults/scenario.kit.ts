/** What is played: targets and when they are down, who is told how, and what goes wrong. Times are s since the beginning. */
import type { NoticeState } from "@belfry/contract";
import type { AlertRoute, ChannelSettings } from "../../model/alert-policy.ts";
import type { Store } from "../../store/port.ts";
import type { Mood } from "./provider.kit.ts";
import type { StoreFault } from "./victim.kit.ts";

export interface Target {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** From, to. */
  readonly down: readonly (readonly [number, number])[];
}

/** How much a channel has to be told of each incident: that it began and is over, that it was, or nothing. */
export type Expected = "each" | "some" | "none";

export interface Hands {
  /** Time passes at once, s. */
  readonly leap: (seconds: number) => Promise<void>;
  /** Changes a channel, and lets delivery know, as the API does. */
  readonly change: (channel: string, over: Partial<ChannelSettings>) => Promise<void>;
}

export interface FaultParts {
  readonly engine: Store["engine"];
  readonly seconds: () => number;
  /** Resolves after so many s. */
  readonly pause: (seconds: number) => Promise<void>;
}

export interface Scenario {
  readonly title: string;
  readonly targets: readonly Target[];
  readonly channels: readonly {
    readonly name: string;
    readonly isDefault?: boolean;
    readonly isFallback?: boolean;
    readonly isWrong?: boolean;
  }[];
  readonly routes?: readonly ((
    idOf: (channel: string) => ChannelSettings["id"],
  ) => AlertRoute["route"])[];
  readonly mood?: (channel: string, seconds: number) => Mood;
  readonly fault?: (parts: FaultParts) => StoreFault;
  readonly acts?: readonly { readonly at: number; readonly act: (hands: Hands) => Promise<void> }[];
  /** How long it goes on after the last act. */
  readonly seconds: number;
  /** By channel, of incidents about the targets. */
  readonly told: Readonly<Record<string, Expected>>;
  /** How notices may end besides `sent`. */
  readonly ends?: readonly NoticeState[];
  /** Channels that are in trouble for a while; those are told of it. */
  readonly troubled?: Readonly<Record<string, readonly string[]>>;
  /** Changes faster than incidents follow. */
  readonly isFlapping?: boolean;
}

type Route = NonNullable<Scenario["routes"]>[number];

/** A route that sends everything to a channel, with some of it changed. */
export function routeTo(channel: string, over: Partial<AlertRoute["route"]> = {}): Route {
  return (idOf) => ({
    name: "all",
    position: 1,
    enabled: true,
    matchers: [],
    active: null,
    continue: false,
    channels: [idOf(channel)],
    group_by: [],
    group_wait_seconds: 0,
    send_resolved: true,
    most_per_hour: 60,
    digest_seconds: null,
    remind_seconds: null,
    escalation: [],
    ...over,
  });
}

const ops = { name: "ops", isDefault: true };
const one: Pick<Scenario, "targets" | "channels" | "told" | "seconds"> = {
  targets: [{ name: "api", down: [[15, 45]] }],
  channels: [ops],
  told: { ops: "each" },
  seconds: 60,
};
const several = (...spans: readonly (readonly [number, number])[]): readonly Target[] =>
  spans.map((span, i) => ({ name: `service-${i}`, down: [span] }));

/** Runs that a process is killed in, at every point. */
export const scenarios: readonly Scenario[] = [
  { ...one, title: "one monitor goes down and up" },
  {
    title: "four monitors of a group fail together",
    targets: several([15, 45], [15, 45], [15, 45], [15, 55]).map((target) => ({
      ...target,
      labels: { group: "shop" },
    })),
    channels: [ops],
    told: { ops: "each" },
    seconds: 70,
  },
  {
    title: "a route gathers what it tells together",
    targets: several([15, 55], [15, 65], [25, 65]),
    channels: [{ name: "ops" }],
    routes: [routeTo("ops", { group_wait_seconds: 15 })],
    told: { ops: "each" },
    seconds: 100,
  },
  {
    title: "a monitor flaps",
    targets: [{ name: "api", down: [5, 65, 125, 185].map((from) => [from, from + 35] as const) }],
    channels: [ops],
    told: { ops: "each" },
    acts: [{ at: 260, act: ({ leap }) => leap(4_000) }],
    seconds: 60,
    isFlapping: true,
  },
  {
    ...one,
    title: "nobody takes it, and the next one is told",
    targets: [{ name: "api", down: [[15, 75]] }],
    channels: [{ name: "ops" }, { name: "boss" }],
    routes: [
      (idOf) =>
        routeTo("ops", { escalation: [{ after_seconds: 20, channels: [idOf("boss")] }] })(idOf),
    ],
    told: { ops: "each", boss: "each" },
    seconds: 90,
  },
  {
    title: "a route tells in digests",
    targets: several([15, 45], [25, 55]),
    channels: [{ name: "ops" }],
    routes: [routeTo("ops", { digest_seconds: 30 })],
    told: { ops: "some" },
    seconds: 110,
  },
  {
    title: "more than an hour may bring waits for a digest",
    targets: several([15, 45], [25, 55], [35, 65]),
    channels: [{ name: "ops" }],
    routes: [routeTo("ops", { most_per_hour: 2 })],
    told: { ops: "some" },
    acts: [{ at: 75, act: ({ leap }) => leap(4_000) }],
    seconds: 20,
  },
  {
    ...one,
    title: "a channel refuses, and its fallback is told",
    channels: [ops, { name: "boss", isDefault: true }, { name: "net", isFallback: true }],
    mood: (channel, seconds) => (channel === "ops" && seconds < 60 ? "refuse" : "well"),
    told: { boss: "each" },
    ends: ["refused"],
    troubled: { ops: ["boss"] },
    targets: [{ name: "api", down: [[15, 75]] }],
    seconds: 100,
  },
  {
    ...one,
    title: "a channel is away for a day, and its fallback is told",
    channels: [ops, { name: "boss", isDefault: true }, { name: "net", isFallback: true }],
    mood: (channel, seconds) =>
      channel === "ops" && seconds < 110_000 ? { busySeconds: 21_600 } : "well",
    // Once more it is down when the channel is back, which ends the trouble of the channel.
    targets: [
      {
        name: "api",
        down: [
          [15, 45],
          [112_000, 112_050],
        ],
      },
    ],
    acts: [
      ...[0, 1, 2, 3, 4].map((n) => ({
        at: 60 + n * 21_610,
        act: ({ leap }: Hands) => leap(21_600),
      })),
      { at: 108_120, act: ({ leap }) => leap(3_860) },
    ],
    told: { boss: "each" },
    ends: ["given_up"],
    troubled: { ops: ["boss"] },
    seconds: 100,
  },
  {
    ...one,
    title: "a provider fails at first and cuts a connection",
    mood: (_channel, seconds) => (seconds < 28 ? "error" : seconds < 30 ? "cut" : "well"),
  },
];
