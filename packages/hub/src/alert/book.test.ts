import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subject } from "../model/incident.ts";
import { IncidentBook } from "./book.ts";
import { at, incidentOf, monitor, over, troubleOf } from "./flow.kit.ts";
import type { Tie } from "./ties.ts";

const groupTie: Tie = {
  kind: "group",
  key: "group:eu",
  cause: { kind: "external", id: "group:eu", name: "eu" },
  why: "the same group: eu",
};
const tiesOf = ({ name }: Subject): readonly Tie[] => (name.startsWith("eu") ? [groupTie] : []);

test("open incidents are found by their troubles, subjects and ties", () => {
  const book = new IncidentBook(tiesOf);
  const both = incidentOf({ troubles: [troubleOf({ of: "eu1" }), troubleOf({ of: "api" })] });
  const other = incidentOf({ troubles: [troubleOf({ of: "eu2" })] });
  for (const one of [both, other]) book.put(one);
  assert.equal(book.size, 2);
  assert.equal(book.get(both.id), both);
  assert.equal(book.byKey("monitor_down:monitor:api"), both);
  assert.equal(book.byKey("monitor_down:monitor:x"), undefined);
  assert.deepEqual(book.bySubject(monitor("eu2")), [other]);
  assert.deepEqual(book.bySubject({ kind: "host", id: "eu2" }), []);
  assert.deepEqual(book.byTie("group:eu"), [both, other]);
});

test("what is over within an incident is found by its trouble alone", () => {
  const book = new IncidentBook(tiesOf);
  const lasting = troubleOf({ of: "api" });
  const incident = incidentOf({ troubles: [troubleOf({ of: "eu1" }), lasting] });
  book.put(incident);
  const changed = {
    ...incident,
    troubles: [troubleOf({ of: "eu1", until: at(950) }), lasting],
  };
  book.put(changed);
  assert.equal(book.byKey("monitor_down:monitor:eu1"), changed);
  assert.deepEqual([book.bySubject(monitor("eu1")), book.byTie("group:eu")], [[], []]);
});

test("an incident that is over is gone, by everything", () => {
  const book = new IncidentBook(tiesOf);
  const incident = incidentOf({ troubles: [troubleOf({ of: "eu1" })] });
  book.put(incident);
  book.put(over(incident));
  assert.deepEqual(
    [book.size, book.get(incident.id), book.byKey("monitor_down:monitor:eu1")],
    [0, undefined, undefined],
  );
  assert.deepEqual([book.bySubject(monitor("eu1")), book.byTie("group:eu")], [[], []]);
});

test("the incident that follows has the trouble, when the one before leaves later", () => {
  const book = new IncidentBook(tiesOf);
  const [first, second] = [incidentOf(), incidentOf()];
  book.put(first);
  book.put(second);
  book.put(over(first));
  assert.equal(book.byKey("monitor_down:monitor:api"), second);
  book.clear();
  assert.deepEqual([book.size, book.byKey("monitor_down:monitor:api")], [0, undefined]);
});

test("an incident that changed otherwise is found as it is now", () => {
  const book = new IncidentBook(tiesOf);
  const incident = incidentOf();
  book.put(incident);
  const taken = { ...incident, acknowledgedAt: at(1000) };
  book.put(taken);
  assert.equal(book.byKey("monitor_down:monitor:api"), taken);
  assert.deepEqual([...book.all()], [taken]);
});
