/** The judge of the chaos suite can tell a fleet that kept its promises from one that did not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Asked, Evidence, Fault, Told } from "./evidence.ts";
import { judge } from "./judge.ts";

const limits = { takeOverMs: 15_000, lateMs: 500, heldBackMs: 10_000 };
const start = 1_000_000_000_000;
const watched = { id: "m", intervalMs: 1_000, phaseMs: 300 };
const outage = { monitor: "m", from: start + 40_000, to: start + 60_000 };

/** Seconds after the start, in the slot that begins there. */
const at = (seconds: number): number => start + seconds * 1_000 + 300;

/** A fleet of one process that checks everything, sees the outage and tells of it. */
function wellKept(): Evidence {
  const asked = Array.from({ length: 100 }, (_, i): Asked => {
    const moment = at(i) + 5;
    return ask(moment);
  });
  return {
    from: start,
    to: start + 99_000,
    watched: [watched],
    asked,
    faults: [],
    outages: [outage],
    troubles: [
      { incident: "i", monitor: "m", since: at(40) + 4, decidedAt: at(40), until: at(60) + 4 },
    ],
    told: [tell("n1", "firing", 41), tell("n2", "resolved", 61)],
    heldDown: [{ monitor: "m", from: at(40) + 4, to: at(60) + 4 }],
    stored: asked.map(({ monitor, at: moment, failed }) => ({ monitor, at: moment - 1, failed })),
    counted: { takeOvers: 0, skipped: 0 },
  };
}

function ask(moment: number, process = "a"): Asked {
  return {
    monitor: "m",
    process,
    at: moment,
    failed: outage.from <= moment && moment < outage.to,
  };
}

function tell(id: string, kind: string, seconds: number): Told {
  return { id, kind, incidents: ["i"], at: at(seconds) };
}

function fault(kind: Fault["kind"], from: number, to: number): Fault {
  return { kind, process: kind === "restart" ? null : "a", from: at(from), to: at(to) };
}

/** Without the requests of some seconds, both included. */
function without(evidence: Evidence, from: number, to: number): Evidence {
  const isGone = (moment: number): boolean => at(from) <= moment && moment < at(to + 1);
  return { ...evidence, asked: evidence.asked.filter((one) => !isGone(one.at)) };
}

interface Row {
  readonly name: string;
  readonly change: (evidence: Evidence) => Evidence;
  /** Each problem there is; none: everything held. */
  readonly finds: readonly RegExp[];
}

const slots: readonly Row[] = [
  { name: "everything is as it should be", change: (it) => it, finds: [] },
  {
    name: "two processes check one slot",
    change: (it) => ({ ...it, asked: [...it.asked, ask(at(10) + 400, "b")] }),
    finds: [/checked twice.*by a at .* and b at/],
  },
  {
    name: "one process checks one slot twice",
    change: (it) => ({ ...it, asked: [...it.asked, ask(at(10) + 800)] }),
    finds: [/checked twice/],
  },
  {
    name: "a check comes a little late, and the next one in time",
    change: (it) => ({
      ...without(it, 10, 10),
      asked: [...without(it, 10, 10).asked, ask(at(11) + 1)],
    }),
    finds: [],
  },
  {
    name: "a check comes a little early, as clocks differ",
    change: (it) => ({
      ...without(it, 10, 10),
      asked: [...without(it, 10, 10).asked, ask(at(10) - 90)],
    }),
    finds: [],
  },
  {
    name: "a failure is checked again before its next slot",
    change: (it) => ({ ...it, asked: [...it.asked, ask(at(45) + 500)] }),
    finds: [],
  },
  {
    name: "a slot is missed and nothing happened",
    change: (it) => ({ ...without(it, 20, 20), counted: { takeOvers: 1, skipped: 0 } }),
    finds: [/missed: m: the slot at .* was missed, before any fault/],
  },
  {
    name: "slots are missed while a killed process is taken over, and counted",
    change: (it) => ({
      ...without(it, 10, 22),
      faults: [fault("kill", 10, 12)],
      counted: { takeOvers: 13, skipped: 0 },
    }),
    finds: [],
  },
  {
    name: "slots are missed while a killed process is taken over, and fewer are counted",
    change: (it) => ({
      ...without(it, 10, 22),
      faults: [fault("kill", 10, 12)],
      counted: { takeOvers: 12, skipped: 0 },
    }),
    finds: [/13 slots were missed, 12 counted/],
  },
  {
    name: "taking over lasts too long",
    change: (it) => ({
      ...without(it, 10, 27),
      faults: [fault("kill", 10, 12)],
      counted: { takeOvers: 18, skipped: 0 },
    }),
    finds: [/missed.* 16\.\d s after kill of a/, /missed.* 17\.\d s after kill of a/],
  },
  {
    name: "the database was away for longer than a lease",
    change: (it) => ({
      ...without(it, 10, 38),
      faults: [fault("restart", 5, 30)],
      counted: { takeOvers: 29, skipped: 0 },
    }),
    finds: [],
  },
  {
    name: "a process that was stopped ends what it had begun when it goes on",
    change: (it) => ({
      ...without(it, 10, 12),
      asked: [...without(it, 10, 12).asked, ask(at(30) + 600, "b")],
      faults: [{ ...fault("stop", 10, 30), process: "b", from: at(10) + 2, to: at(30) + 590 }],
      counted: { takeOvers: 2, skipped: 0 },
    }),
    finds: [],
  },
  {
    name: "a process that was stopped checks what others have taken over",
    change: (it) => ({
      ...it,
      asked: [...it.asked, ask(at(30) + 600, "b")],
      faults: [{ ...fault("stop", 10, 30), process: "b", from: at(10) + 2, to: at(30) + 590 }],
    }),
    finds: [/checked twice.*by a at .* and b at/],
  },
  {
    name: "one slot has two outcomes",
    change: (it) => ({
      ...it,
      stored: [...it.stored, { monitor: "m", at: at(10) + 300, failed: false }],
    }),
    finds: [/stored twice/],
  },
];

const transitions: readonly Row[] = [
  {
    name: "an outage that nobody noticed",
    change: (it) => ({ ...it, troubles: [], told: [], heldDown: [] }),
    finds: [/the outage of m at .* opened 0 incidents/],
  },
  {
    name: "an outage with two incidents",
    change: (it) => ({
      ...it,
      troubles: [
        ...it.troubles,
        { incident: "j", monitor: "m", since: at(50), decidedAt: at(50), until: at(60) },
      ],
      told: [...it.told, ...it.told.map((one) => ({ ...one, id: `${one.id}j`, incidents: ["j"] }))],
    }),
    finds: [/opened 2 incidents/],
  },
  {
    name: "an incident without an outage",
    change: (it) => ({
      ...it,
      troubles: [
        ...it.troubles,
        { incident: "j", monitor: "m", since: at(10), decidedAt: at(10), until: at(11) },
      ],
      told: [...it.told, ...it.told.map((one) => ({ ...one, id: `${one.id}j`, incidents: ["j"] }))],
    }),
    finds: [/was in trouble from .* no outage/],
  },
  {
    name: "an outage that is not over",
    change: (it) => ({ ...it, troubles: it.troubles.map((one) => ({ ...one, until: null })) }),
    finds: [/is not over/],
  },
  {
    name: "an outage that is over too early",
    change: (it) => ({ ...it, troubles: it.troubles.map((one) => ({ ...one, until: at(55) })) }),
    finds: [/was over at .* too early/],
  },
  {
    name: "an outage that began at a moment without a check",
    change: (it) => ({
      ...without(it, 44, 46),
      troubles: it.troubles.map((one) => ({ ...one, since: at(45) })),
    }),
    finds: [
      /missed/,
      /missed/,
      /missed/,
      /3 slots were missed/,
      /no check failed/,
      /failed first at/,
    ],
  },
  {
    name: "an outage whose first failures were seen by a process that was killed",
    change: (it) => ({
      ...it,
      faults: [fault("kill", 40.2, 45)],
      troubles: it.troubles.map((one) => ({ ...one, since: at(50) + 4 })),
    }),
    finds: [],
  },
  {
    name: "an outage that is told to have begun late for no reason",
    change: (it) => ({
      ...it,
      troubles: it.troubles.map((one) => ({ ...one, since: at(50) + 4 })),
    }),
    finds: [/failed first at .* and began at/],
  },
  {
    name: "a monitor held for down without an outage",
    change: (it) => ({
      ...it,
      heldDown: [...it.heldDown, { monitor: "m", from: at(10), to: at(12) }],
    }),
    finds: [/false down: m was held for down/],
  },
  {
    name: "a monitor held for down for ever",
    change: (it) => ({ ...it, heldDown: [{ monitor: "m", from: at(40), to: null }] }),
    finds: [/false down.* to now/],
  },
];

const notices: readonly Row[] = [
  {
    name: "a notice is lost",
    change: (it) => ({ ...it, told: it.told.slice(0, 1) }),
    finds: [/was told 0 times as resolved/],
  },
  {
    name: "nothing is told of what was over when it became known",
    change: (it) => ({
      ...it,
      told: [],
      troubles: it.troubles.map((one) => ({ ...one, decidedAt: at(55) })),
    }),
    finds: [],
  },
  {
    name: "nothing is told at all",
    change: (it) => ({ ...it, told: [] }),
    finds: [/was told 0 times as firing/, /was told 0 times as resolved/],
  },
  {
    name: "a notice comes twice and nothing happened",
    change: (it) => ({ ...it, told: [...it.told, tell("n1", "firing", 42)] }),
    finds: [/1 notices came again after 0 faults/],
  },
  {
    name: "a notice comes twice after a kill",
    change: (it) => ({
      ...it,
      told: [...it.told, tell("n1", "firing", 42)],
      faults: [fault("kill", 41, 42)],
    }),
    finds: [],
  },
  {
    name: "the same is told by two notices",
    change: (it) => ({
      ...it,
      told: [...it.told, tell("n3", "firing", 42)],
      faults: [fault("kill", 41, 42)],
    }),
    finds: [/was told 2 times as firing/],
  },
  {
    name: "the end is told before the beginning",
    change: (it) => ({ ...it, told: [tell("n1", "firing", 61), tell("n2", "resolved", 60)] }),
    finds: [/over before it was told/],
  },
];

const tables = { slots, transitions, notices };

for (const [table, rows] of Object.entries(tables)) {
  describe(table, () => {
    for (const { name, change, finds } of rows) {
      test(name, () => {
        const { problems } = judge(change(wellKept()), limits);
        assert.equal(problems.length, finds.length, problems.join("\n"));
        for (const [i, found] of finds.entries()) assert.match(problems[i] ?? "", found);
      });
    }
  });
}

test("of many problems of a kind the first are told, and how many there are", () => {
  const { problems, figures } = judge(without(wellKept(), 0, 30), limits);
  assert.equal(problems.filter((one) => one.startsWith("missed")).length, 11);
  assert.match(problems[10] ?? "", /missed: 21 more/);
  assert.equal(figures["missed"], 31);
});
