import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../model/id.ts";
import { openTroubles, type Incident, type Subject } from "../model/incident.ts";
import type { Signal } from "../model/signal.ts";
import { signalOf } from "./alerting.kit.ts";
import { IncidentBook } from "./book.ts";
import { correlate, resolved, withoutSubject } from "./correlate.ts";
import { at, monitor } from "./flow.kit.ts";
import type { Tie } from "./ties.ts";

/** What each subject of a story shares; `web` is a host. */
const host: Subject = { kind: "host", id: "web", name: "web" };
const subjectOf = (name: string): Subject => (name === "web" ? host : monitor(name));
const tie = (kind: Tie["kind"], name: string, cause: Subject): Tie => ({
  kind,
  key: `${kind}:${name}`,
  cause,
  why: `the same ${kind}: ${name}`,
});
const needs = (name: string): Tie => tie("depends_on", name, subjectOf(name));
const on = (name: string): Tie => tie("host", name, subjectOf(name));
const shares = (kind: Tie["kind"], name: string): Tie =>
  tie(kind, name, { kind: "external", id: `${kind}:${name}`, name });

const ties: Readonly<Record<string, readonly Tie[]>> = {
  db: [needs("db")],
  cache: [needs("cache")],
  api: [needs("api"), needs("db"), needs("cache")],
  shop: [needs("shop"), needs("api"), needs("db")],
  web: [on("web")],
  "w1.example": [needs("w1.example"), on("web")],
  "w2.example": [needs("w2.example"), on("web")],
  a1: [needs("a1"), shares("address", "10.0.0.1")],
  a2: [needs("a2"), shares("address", "10.0.0.1")],
  g1: [needs("g1"), shares("group", "eu")],
  g2: [needs("g2"), shares("group", "eu")],
  c1: [needs("c1"), shares("certificate", "f00"), shares("group", "eu")],
  c2: [needs("c2"), shares("certificate", "f00")],
  n1: [needs("n1"), shares("network", "gw")],
  n2: [needs("n2"), shares("network", "gw")],
  n3: [needs("n3"), shares("network", "gw")],
  lone: [],
};

interface Played {
  readonly book: IncidentBook;
  /** Everything that correlating gave, the last of each incident. */
  readonly all: ReadonlyMap<Incident["id"], Incident>;
  readonly last: Incident | null;
}

/**
 * Steps such as `+api 0`: raised at that second, `-api 60`: cleared; another rule than `monitor_down` or `host_silent` is
 * named behind: `+api 0 monitor_degraded`.
 */
function play(steps: readonly string[]): Played {
  const tiesOf = ({ name }: Subject): readonly Tie[] => ties[name] ?? [];
  const book = new IncidentBook(tiesOf);
  const all = new Map<Incident["id"], Incident>();
  let last: Incident | null = null;
  for (const step of steps) {
    const signal = parseStep(step);
    last = correlate(signal, {
      book,
      ties: tiesOf(signal.subject),
      createId: () => createId<"incident">(signal.at),
    });
    if (last === null) continue;
    book.put(last);
    all.set(last.id, last);
  }
  return { book, all, last };
}

function parseStep(step: string): Signal {
  const [what = "", time = "0", rule] = step.split(" ");
  const subject = subjectOf(what.slice(1));
  const named = rule ?? (subject.kind === "host" ? "host_silent" : "monitor_down");
  const severity = /down|silent/.test(named) ? "critical" : "warning";
  const state = what.startsWith("+") ? "raised" : "cleared";
  return signalOf(state, at(Number(time)), { subject, rule: named, severity });
}

/** `db api < db`: the subjects in their order, and the cause; those that are over in brackets. */
function shown({ subjects, cause, resolvedAt }: Incident): string {
  const names = subjects.map(({ name }) => name).join(" ");
  const text = cause === null ? names : `${names} < ${cause.subject.name}`;
  return resolvedAt === null ? text : `(${text})`;
}

const table: readonly (readonly [
  says: string,
  steps: readonly string[],
  incidents: readonly string[],
])[] = [
  ["one that has nothing in common with others", ["+lone 0"], ["lone"]],
  ["two that have nothing in common", ["+lone 0", "+db 0"], ["lone", "db"]],
  ["raised twice is one trouble", ["+db 0", "+db 30"], ["db"]],
  ["cleared without being raised is nothing", ["-db 0"], []],
  ["raised and cleared is over", ["+db 0", "-db 60"], ["(db)"]],
  ["raised again afterwards is another incident", ["+db 0", "-db 60", "+db 61"], ["(db)", "db"]],

  // The same subject.
  ["down and degraded", ["+db 0", "+db 900 monitor_degraded"], ["db"]],
  [
    "flapping goes on where down ends",
    ["+db 0", "+db 900 monitor_flapping", "-db 900", "-db 999 monitor_flapping"],
    ["(db)"],
  ],
  ["something else of it, at the same time", ["+db 0", "+db 60 disk_full"], ["db"]],
  ["something else of it, much later", ["+db 0", "+db 121 disk_full"], ["db", "db"]],

  // What is told apart.
  [
    "a host's CPU and memory, as the Monitoring Stack tells them",
    ["+web 0 statix_cpu", "+web 0 statix_ram", "-web 60 statix_cpu"],
    ["(web)", "web"],
  ],
  [
    "what is told apart joins nothing, and others join each other",
    ["+web 0 cpu_busy", "+web 0 statix_cpu", "+web 5 disk_full"],
    ["web", "web"],
  ],
  [
    "what hangs on a host joins nothing that is told apart",
    ["+web 0 statix_cpu", "+w1.example 9"],
    ["web", "w1.example"],
  ],

  // Dependencies.
  ["what it depends on is down", ["+db 0", "+api 9000"], ["db api < db"]],
  ["what it depends on is degraded", ["+db 0 monitor_degraded", "+api 9000"], ["db api < db"]],
  ["what it depends on is over", ["+db 0", "-db 9", "+api 10"], ["(db)", "api"]],
  ["what it depends on fails just after", ["+api 0", "+db 120"], ["db api < db"]],
  ["what it depends on fails later", ["+api 0", "+db 121"], ["api", "db"]],
  ["a chain, from its end", ["+shop 0", "+api 5", "+db 10"], ["db api shop < db"]],
  ["a chain, from its beginning", ["+db 0", "+api 500", "+shop 900"], ["db api shop < db"]],
  [
    "two that it depends on, one after the other",
    ["+api 0", "+db 5", "+cache 9"],
    ["db api cache < db"],
  ],
  ["two that depend on something that is fine", ["+api 0", "+shop 60"], ["api shop < api"]],
  [
    "what is no outage does not join by what it depends on",
    ["+db 0", "+api 5 disk_full"],
    ["db", "api"],
  ],

  // Hosts.
  ["its host is silent", ["+web 0", "+w1.example 500"], ["web w1.example < web"]],
  ["its host is silent just after", ["+w1.example 0", "+web 60"], ["web w1.example < web"]],
  [
    "two on a host that is heard",
    ["+w1.example 0", "+w2.example 60"],
    ["w1.example w2.example < web"],
  ],
  [
    "two on a host, and then the host",
    ["+w1.example 0", "+w2.example 60", "+web 90"],
    ["web w1.example w2.example < web"],
  ],

  // What is only shared.
  ["one address, at the same time", ["+a1 0", "+a2 120"], ["a1 a2 < 10.0.0.1"]],
  ["one address, one after the other", ["+a1 0", "+a2 121"], ["a1", "a2"]],
  ["one group, at the same time", ["+g1 0", "+g2 60"], ["g1 g2 < eu"]],
  ["one group, one is over already", ["+g1 0", "-g1 30", "+g2 60"], ["(g1)", "g2"]],
  [
    "one certificate, when it is about certificates",
    ["+c1 0 cert", "+c2 60 cert"],
    ["c1 c2 < f00"],
  ],
  ["one certificate, when they are down", ["+c1 0", "+c2 60"], ["c1", "c2"]],
  ["one group, when it is about certificates", ["+g1 0 cert", "+c1 60 cert"], ["g1", "c1"]],
  ["one network, two of them", ["+n1 0", "+n2 10"], ["n1", "n2"]],
  ["one network, three of them", ["+n1 0", "+n2 10", "+n3 20"], ["n1 n3 < gw", "n2"]],

  // The end.
  ["it lasts while one of them does", ["+db 0", "+api 5", "-db 60"], ["db api < db"]],
  ["it is over when all of them are", ["+db 0", "+api 5", "-db 60", "-api 90"], ["(db api < db)"]],
  [
    "what is back while others last belongs to it again",
    ["+db 0", "+api 5", "-api 60", "+api 4000"],
    ["db api < db"],
  ],
];

describe("signals of one cause", () => {
  for (const [says, steps, incidents] of table) {
    test(`${says}: ${incidents.join("; ") || "none"}`, () => {
      assert.deepEqual([...play(steps).all.values()].map(shown), incidents);
    });
  }
});

describe("an incident", () => {
  test("opens with what the first signal said", () => {
    const { last } = play(["+lone 100"]);
    assert.ok(last !== null);
    const { title, severity, message, reason, openedAt, decidedAt, labels } = last;
    assert.deepEqual(
      [title, severity, message, reason, openedAt, decidedAt, labels],
      ["lone is down", "critical", "no answer", "timeout", at(100), at(100), { team: "core" }],
    );
  });

  test("began with the first of its troubles, whichever was noticed first", () => {
    assert.equal(play(["+api 100", "+db 30"]).last?.openedAt, at(30));
  });

  test("is as severe as the worst of what lasts, and named by it", () => {
    const steps = ["+db 0 monitor_degraded", "+db 10", "-db 20"];
    const severities = steps.map((_, n) => play(steps.slice(0, n + 1)).last?.severity);
    assert.deepEqual(severities, ["warning", "critical", "warning"]);
    assert.equal(play(steps).last?.title, "db is degraded");
  });

  test("takes over what got worse, and keeps since when it lasts", () => {
    const { book } = play(["+db 0"]);
    const subject = subjectOf("db");
    const worse = signalOf("raised", at(50), { subject, severity: "info", message: "slower" });
    const after = correlate(worse, { book, ties: [], createId });
    const [trouble] = after?.troubles ?? [];
    assert.deepEqual(
      [trouble?.severity, trouble?.message, trouble?.since],
      ["info", "slower", at(0)],
    );
    assert.equal(after?.severity, "info");
  });

  test("keeps when what is back ended before", () => {
    const [, api] = play(["+db 0", "+api 5", "-api 60", "+api 40"]).last?.troubles ?? [];
    assert.deepEqual([api?.since, api?.until], [at(60), null]);
  });

  test("ends when the last of its troubles did, and never before it began", () => {
    assert.equal(play(["+db 0", "+api 5", "-db 90", "-api 60"]).last?.resolvedAt, at(90));
    assert.equal(play(["+db 100", "-db 50"]).last?.resolvedAt, at(100));
  });

  test("flaps while one of them does", () => {
    const steps = ["+db 0", "+db 10 monitor_flapping", "-db 10", "-db 20 monitor_flapping"];
    const flapping = steps.map((_, n) => play(steps.slice(0, n + 1)).last?.flapping);
    assert.deepEqual(flapping, [false, true, true, false]);
  });

  test("that was resolved by hand is over in all its troubles, and what lasts is not put to it", () => {
    const { book, last } = play(["+db 0", "+api 5"]);
    assert.ok(last !== null);
    const over = resolved(last, at(60));
    assert.deepEqual([openTroubles(over), over.resolvedAt, over.wakeAt], [[], at(60), null]);
    book.put(over);
    const cleared = signalOf("cleared", at(70), { subject: subjectOf("db") });
    assert.equal(correlate(cleared, { book, ties: [], createId }), null);
    const again = signalOf("raised", at(80), { subject: subjectOf("db") });
    assert.notEqual(correlate(again, { book, ties: [], createId })?.id, over.id);
  });

  test("goes on without a subject that was deleted, named by the others", () => {
    const { last } = play(["+db 0", "+api 5"]);
    assert.ok(last !== null);
    const [without] = withoutSubject(last, "db", at(60));
    assert.deepEqual([without?.title, without?.resolvedAt], ["api is down", null]);
    assert.ok(without !== undefined);
    assert.equal(withoutSubject(without, "api", at(70))[0]?.resolvedAt, at(70));
    assert.deepEqual(withoutSubject(without, "db", at(70)), [], "it is over there already");
    assert.deepEqual(withoutSubject(without, "lone", at(70)), []);
  });
});
