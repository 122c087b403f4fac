import assert from "node:assert/strict";
import { test } from "node:test";
import { createId } from "../model/id.ts";
import type { Incident } from "../model/incident.ts";
import type { Signal } from "../model/signal.ts";
import { IncidentBook } from "./book.ts";
import { correlate } from "./correlate.ts";

const hour = 3_600_000;

function signalOf(rule: string, state: Signal["state"], at: number): Signal {
  return {
    key: `${rule}:job:j1`,
    state,
    rule,
    subject: { kind: "job", id: "j1", name: "nightly" },
    severity: "warning",
    at,
    decidedAt: at,
    message: "the disk is full",
    reason: null,
    evidence: {},
    labels: {},
  };
}

test("everything that is wrong with one job is one incident until all of it is over, hours apart", () => {
  const book = new IncidentBook(() => []);
  const incidents = new Map<string, Incident>();
  const take = (rule: string, state: Signal["state"], at: number): void => {
    const signal = signalOf(rule, state, at);
    const after = correlate(signal, { book, ties: [], createId: () => createId<"incident">(at) });
    if (after === null) return;
    book.put(after);
    incidents.set(after.id, after);
  };
  take("job_failed", "raised", hour);
  take("job_late", "raised", 5 * hour);
  take("job_never_started", "raised", 9 * hour);
  take("job_lost", "raised", 20 * hour);
  take("job_failed", "cleared", 20 * hour);
  take("job_late", "cleared", 21 * hour);
  take("job_never_started", "cleared", 21 * hour);
  const [only] = incidents.values();
  assert.deepEqual([incidents.size, only?.resolvedAt], [1, null]);
  take("job_lost", "cleared", 22 * hour);
  assert.deepEqual(
    [...incidents.values()].map(({ resolvedAt }) => resolvedAt),
    [22 * hour],
  );
});
