/**
 * Who is told what when something is down, over, and under maintenance, in every order: one row of the table is one
 * story. Steps are ten minutes apart, the first at minute 10; those joined by `=` happen at the same instant. Every story
 * is played in one go; and, for every step, with a restart of the process behind it, and with a process that is away
 * while it happens.
 *
 * - `D+` `D-`: api is down, and up again. `W+` `W-`: it is degraded (a warning), and no longer.
 * - `M+` `M-`: a maintenance window begins and ends that was made long before. `N+` `N-`: another one.
 * - `R`: a window repeats, open in the minutes 0 to 10, 20 to 30 and so on. `O`: every ten minutes for a quarter of an hour.
 * - `new`: somebody makes a window for everything, open from now on.
 * - `del`, `off`, `long`, `short`, `else`: somebody deletes the first window, switches it off, lets it last until minute
 *   95, lets it end now, lets it be about something else.
 * - `ack`, `snooze`, `done`: somebody takes the incident, snoozes it for 15 minutes, resolves it. `.`: nothing happens.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MaintenanceWindow } from "../model/alert-policy.ts";
import { createId } from "../model/id.ts";
import { auditOf } from "../store/contract/fixtures.ts";
import { createDesk, type AlertingDesk } from "./alerting.kit.ts";

const table: readonly (readonly [steps: string, told: readonly string[]])[] = [
  // Every order of one span of down and one of maintenance.
  ["D+ D- M+ M-", ["10 firing", "20 resolved"]],
  ["D+ D-=M+ M-", ["10 firing", "20 resolved"]],
  ["D+ M+ D- M-", ["10 firing", "30 resolved"]],
  ["D+ M+ D-=M-", ["10 firing", "30 resolved"]],
  ["D+ M+ M- D-", ["10 firing", "40 resolved"]],
  ["D+=M+ D- M-", []],
  ["D+=M+ D-=M-", []],
  ["D+=M+ M- D-", ["20 firing", "30 resolved"]],
  ["M+ D+ D- M-", []],
  ["M+ D+ D-=M-", []],
  ["M+ D+ M- D-", ["30 firing", "40 resolved"]],
  ["M+ D+=M- D-", ["20 firing", "30 resolved"]],
  ["M+ M- D+ D-", ["30 firing", "40 resolved"]],

  // What begins and ends at one instant is not told at all.
  ["D+=D- M+ M-", []],
  ["D+=D-=M+ M-", []],
  ["M+ D+=D- M-", []],
  ["M+ D+=D-=M-", []],
  ["M+ M- D+=D-", []],

  // What lasts is told, and once.
  ["D+ M+ M-", ["10 firing"]],
  ["D+=M+ M-", ["20 firing"]],
  ["M+ D+", []],
  ["M+ D+ M-", ["30 firing"]],
  ["M+ D+=M-", ["20 firing"]],
  ["D+ M+ M- N+ N- D-", ["10 firing", "60 resolved"]],

  // Several times down.
  ["M+ D+ D- D+ M- D-", ["50 firing", "60 resolved"]],
  ["M+ D+ D- D+ D- M-", []],
  ["M+ D+ D-=D+ M- D-", ["40 firing", "50 resolved"]],
  ["D+ M+ D- D+ D- M-", ["10 firing", "30 resolved"]],
  ["D+ M+ D- D+ M- D-", ["10 firing", "30 resolved", "50 firing", "60 resolved"]],

  // Worse or better while nobody is told: what is different at the end is.
  ["W+ M+ D+ M- D-=W-", ["10 firing", "40 changed", "50 resolved"]],
  ["D+ W+ M+ D- M- W-", ["10 firing", "50 changed", "60 resolved"]],
  ["W+ M+ D+ D- M- W-", ["10 firing", "60 resolved"]],
  ["M+ W+ D+ M- D-=W-", ["40 firing", "50 resolved"]],

  // Two windows.
  ["M+ N+ D+ M- D- N-", []],
  ["M+ N+ D+ M- N- D-", ["50 firing", "60 resolved"]],
  ["M+ N+ D+ N- M- D-", ["50 firing", "60 resolved"]],
  ["M+ D+ M-=N+ N- D-", ["40 firing", "50 resolved"]],
  ["M+ D+ M-=N+ D- N-", []],
  ["M+ D+ M- N+ N- D-", ["30 firing", "60 resolved"]],
  ["M+ D+ M- N+ D- N-", ["30 firing", "50 resolved"]],
  ["M+=N+ D+ M-=N- D-", ["30 firing", "40 resolved"]],

  // Windows that repeat.
  ["R D+ D- D+ D-", []],
  ["R D+ . D-", ["30 firing", "40 resolved"]],
  ["R . D+ D-", ["30 firing", "40 resolved"]],
  ["R D+ . . D- .", ["30 firing", "50 resolved"]],
  ["O D+ . . . D-", []],
  ["O D+ . . del D-", ["50 firing", "60 resolved"]],

  // Made, changed, or gone while it is open.
  ["D+ new D-", ["10 firing", "30 resolved"]],
  ["D+=new D-", []],
  ["new D+ D-", []],
  ["M+ D+ del D-", ["30 firing", "40 resolved"]],
  ["M+ D+ D- del", []],
  ["M+ D+ D-=del", []],
  ["M+ N+ D+ del D- N-", []],
  ["M+ N+ D+ del N- D-", ["50 firing", "60 resolved"]],
  ["M+ D+ off D-", ["30 firing", "40 resolved"]],
  ["M+ D+ else D-", ["30 firing", "40 resolved"]],
  ["M+ D+ short D-", ["30 firing", "40 resolved"]],
  ["M+ D+ long M- D-", []],
  ["M+ D+ long M- . . . . . D-", ["95 firing", "100 resolved"]],

  // People.
  ["D+ ack M+ M- D-", ["10 firing", "20 acknowledged", "50 resolved"]],
  ["D+ M+ ack M- D-", ["10 firing", "30 acknowledged", "50 resolved"]],
  ["D+ M+ ack D- M-", ["10 firing", "30 acknowledged", "40 resolved"]],
  ["M+ D+ ack D- M-", []],
  ["M+ D+ ack M- D-", ["40 firing", "50 resolved"]],
  ["M+ D+ snooze M- D-", ["45 firing", "50 resolved"]],
  ["M+ D+ snooze=M- D-", []],
  ["M+ D+ M- snooze D-", ["30 firing", "50 resolved"]],
  ["D+ snooze M+ M- D-", ["10 firing", "50 resolved"]],
  ["D+ snooze M+ D- M-", ["10 firing", "40 resolved"]],
  ["M+ D+ done M- D-", []],
  ["D+ M+ done M- D-", ["10 firing", "30 resolved"]],
  ["D+ M+ done M- D- D+ D-", ["10 firing", "30 resolved", "60 firing", "70 resolved"]],
];

const farMinute = 1_000;
const slotMinutes = 10;
/** What people do needs a process that is there. */
const acts: ReadonlySet<string> = new Set(["ack", "snooze", "done"]);

interface Variant {
  readonly restartAfter?: number;
  readonly awayAt?: number;
}

async function play(steps: string, { restartAfter, awayAt }: Variant): Promise<readonly string[]> {
  await using desk = await createDesk();
  const groups = steps.split(" ").map((one) => one.split("="));
  const minuteOf = (step: string, otherwise: number): number => {
    const at = groups.findIndex((group) => group.includes(step));
    return at < 0 ? otherwise : (at + 1) * slotMinutes;
  };
  for (const [index, name] of ["M", "N"].entries()) {
    const [from, to] = [minuteOf(`${name}+`, -1), minuteOf(`${name}-`, farMinute)];
    if (from < 0) continue;
    const schedule = onceOf(desk, from, to);
    const matchers = index === 0 ? [matcherOf("team", "core")] : [matcherOf("subject", "api")];
    await createWindow(desk, { name, schedule, matchers, createdAt: index });
  }
  for (const [index, group] of groups.entries()) {
    await desk.goTo((index + 1) * slotMinutes);
    const isAway = awayAt === index;
    if (isAway) await desk.stop();
    for (const step of group) await perform(desk, step);
    if (!isAway) await desk.settle();
    if (isAway || restartAfter === index) await desk.restart();
  }
  await desk.goTo((groups.length + 1) * slotMinutes);
  const told = await desk.told();
  return told.map((one) => one.replace(/ ops$/, ""));
}

async function perform(desk: AlertingDesk, step: string): Promise<void> {
  switch (step) {
    case "D+":
      return desk.signal("raised");
    case "D-":
      return desk.signal("cleared");
    case "W+":
      return desk.signal("raised", { rule: "monitor_degraded", severity: "warning" });
    case "W-":
      return desk.signal("cleared", { rule: "monitor_degraded", severity: "warning" });
    case "R":
      return createWindow(desk, { schedule: cronOf("*/20 * * * *", 600) });
    case "O":
      return createWindow(desk, { schedule: cronOf("*/10 * * * *", 900) });
    case "new":
      return createWindow(desk, { schedule: onceOf(desk, desk.minute, farMinute) });
    case "del":
    case "off":
    case "long":
    case "short":
    case "else":
      return changeFirstWindow(desk, step);
    case "ack":
    case "snooze":
    case "done":
      return act(desk, step);
    case "M+":
    case "M-":
    case "N+":
    case "N-":
    case ".":
      return;
    default:
      assert.fail(`there is no step ${step}`);
  }
}

async function changeFirstWindow(
  desk: AlertingDesk,
  change: "del" | "off" | "long" | "short" | "else",
): Promise<void> {
  const [window] = await desk.store.alertSettings("maintenance");
  assert.ok(window !== undefined);
  if (change === "del") {
    await desk.store.deleteAlertSetting("maintenance", window.id, window.version, auditOf());
    return;
  }
  const from = 0;
  const changes: Readonly<Record<typeof change, Partial<MaintenanceWindow>>> = {
    off: { enabled: false },
    long: { schedule: onceOf(desk, from, 95) },
    short: { schedule: onceOf(desk, from, desk.minute) },
    else: { matchers: [matcherOf("team", "other")] },
  };
  const changed = { ...window, ...changes[change], version: window.version + 1 };
  await desk.store.updateAlertSetting("maintenance", changed, auditOf());
}

async function act(desk: AlertingDesk, what: "ack" | "snooze" | "done"): Promise<void> {
  const [incident] = await desk.store.openIncidents();
  assert.ok(incident !== undefined);
  const { alerting } = desk;
  if (what === "ack") await alerting.acknowledge(incident.id, "ada");
  else if (what === "snooze") await alerting.snooze(incident.id, 15 * 60_000, "ada");
  else await alerting.resolve(incident.id, "ada");
}

function createWindow(desk: AlertingDesk, over: Partial<MaintenanceWindow>): Promise<void> {
  const window: MaintenanceWindow = {
    id: createId<"maintenance">(1),
    name: "window",
    enabled: true,
    matchers: [],
    monitors: [],
    schedule: onceOf(desk, 0, farMinute),
    description: "",
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    ...over,
  };
  return desk.store.createAlertSetting("maintenance", window, auditOf());
}

function onceOf(desk: AlertingDesk, from: number, to: number): MaintenanceWindow["schedule"] {
  const iso = (minute: number): string => new Date(desk.timeOf(minute)).toISOString();
  return { kind: "once", starts_at: iso(from), ends_at: iso(to) };
}

function cronOf(cron: string, seconds: number): MaintenanceWindow["schedule"] {
  return { kind: "cron", cron, duration_seconds: seconds, timezone: "UTC" };
}

function matcherOf(name: string, value: string): MaintenanceWindow["matchers"][number] {
  return { name, value, is_regex: false, is_equal: true };
}

describe("maintenance", { concurrency: 4 }, () => {
  for (const [steps, told] of table) {
    test(`${steps}: ${told.join(", ") || "nobody is told"}`, async (t) => {
      const groups = steps.split(" ");
      await t.test("in one go", async () => assert.deepEqual(await play(steps, {}), told));
      for (const [index, group] of groups.entries()) {
        await t.test(`with a restart after ${group}`, async () => {
          assert.deepEqual(await play(steps, { restartAfter: index }), told);
        });
        if (group.split("=").some((step) => acts.has(step))) continue;
        await t.test(`with a process that is away at ${group}`, async () => {
          assert.deepEqual(await play(steps, { awayAt: index }), told);
        });
      }
    });
  }
});
