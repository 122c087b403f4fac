/** What goes wrong for a while: the database, and the provider. */
import { routeTo, scenarios, type Scenario } from "./scenario.kit.ts";
import { refusing } from "./victim.kit.ts";

const [one] = scenarios;
if (one === undefined) throw new Error("there is no scenario to begin with");
const again = (over: Partial<Scenario> & Pick<Scenario, "title">): Scenario => ({
  ...one,
  ...over,
});

/** From, to; s. */
const between =
  (from: number, to: number) =>
  (seconds: number): boolean =>
    from <= seconds && seconds < to;

export const faults: readonly Scenario[] = [
  again({
    title: "the database is busy while a monitor goes down",
    fault: ({ engine, seconds }) => refusing(engine, "busy", () => between(18, 38)(seconds())),
  }),
  again({
    title: "the database is gone for ten minutes, and back",
    targets: [{ name: "api", down: [[15, 700]] }],
    fault: ({ engine, seconds }) => refusing(engine, "gone", () => between(18, 618)(seconds())),
    seconds: 720,
  }),
  again({
    title: "the disk is full for two minutes",
    targets: [{ name: "api", down: [[15, 200]] }],
    fault: ({ engine, seconds }) => refusing(engine, "full", () => between(20, 140)(seconds())),
    seconds: 220,
  }),
  again({
    title: "the disk is full while a notice is sent",
    fault: ({ engine, seconds }) => refusing(engine, "full", () => between(20.3, 300)(seconds())),
    seconds: 320,
  }),
  again({
    title: "the database takes two seconds for everything",
    fault:
      ({ pause }) =>
      () =>
        pause(2),
  }),
  again({
    title: "the database hangs for a minute",
    fault:
      ({ seconds, pause }) =>
      () =>
        between(18, 78)(seconds()) ? pause(78 - seconds()) : Promise.resolve(),
    targets: [{ name: "api", down: [[15, 100]] }],
    seconds: 130,
  }),
  again({
    title: "the provider is away for an hour",
    mood: (_channel, seconds) => (seconds < 3_600 ? "away" : "well"),
    seconds: 4_000,
  }),
  again({
    title: "the provider is busy and says for how long",
    mood: (_channel, seconds) => (seconds < 200 ? { busySeconds: 120 } : "well"),
    seconds: 300,
  }),
  again({
    title: "the provider fails inside",
    mood: (_channel, seconds) => (seconds < 120 ? "error" : "well"),
    seconds: 200,
  }),
  again({
    title: "the provider hangs",
    mood: (_channel, seconds) => (seconds < 90 ? "hang" : "well"),
    seconds: 200,
  }),
  again({
    title: "the provider closes connections before it answers",
    mood: (_channel, seconds) => (seconds < 24 ? "cut" : "well"),
    seconds: 100,
  }),
  again({
    title: "the settings of a channel are wrong until somebody changes them",
    channels: [
      { name: "ops", isDefault: true, isWrong: true },
      { name: "boss", isDefault: true },
    ],
    acts: [
      {
        at: 90,
        act: ({ change }) => change("ops", { settings: { name: "ops", wrong: false } }),
      },
    ],
    told: { ops: "each", boss: "each" },
    troubled: { ops: ["boss"] },
    seconds: 5,
  }),
  again({
    title: "the only channel of a route has wrong settings, and another one is told",
    channels: [{ name: "ops", isWrong: true }, { name: "spare" }],
    routes: [routeTo("ops")],
    acts: [
      {
        at: 90,
        act: ({ change }) => change("ops", { settings: { name: "ops", wrong: false } }),
      },
    ],
    troubled: { ops: ["spare"] },
    seconds: 5,
  }),
  again({
    title: "a channel is switched off while its notice waits",
    mood: (channel) => (channel === "ops" ? "away" : "well"),
    channels: [
      { name: "ops", isDefault: true },
      { name: "boss", isDefault: true },
    ],
    acts: [{ at: 70, act: ({ change }) => change("ops", { enabled: false }) }],
    told: { boss: "each" },
    ends: ["dropped"],
    seconds: 5,
  }),
];
