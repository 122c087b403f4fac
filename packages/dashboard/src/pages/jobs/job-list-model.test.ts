import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, type Signal } from "@preact/signals";
import type { JobView, SeriesRangeView } from "@belfry/contract";
import { stopClock } from "../../live/clock.kit.ts";
import type { LiveListener } from "../../live/stream.ts";
import { plainJobs, type JobsView } from "../../route/job-route.ts";
import { jobOf, runOf, timeAt } from "../run/run.kit.ts";
import { createJobList, type JobList, type JobListParts } from "./job-list-model.ts";
import { trendKey } from "./trends.ts";

/** Stands for the hub: gives its jobs on pages of two, and says what a test has it say. */
class Hub {
  jobs: JobView[];
  readonly asked: string[] = [];
  readonly watched: string[] = [];
  isDown = false;
  listener: LiveListener = {};
  readonly opened = signal(0);

  constructor(names: readonly string[]) {
    this.jobs = names.map((name) => jobOf(name));
  }

  readonly live: JobListParts["live"] = {
    opened: this.opened,
    listen: (listener) => {
      this.listener = listener;
      return () => (this.listener = {});
    },
    watchRuns: (ids) => void this.watched.push(ids.join()),
  };

  readonly client: JobListParts["client"] = {
    jobs: (cursor) => {
      this.asked.push(`jobs ${cursor}`);
      if (this.isDown) return Promise.resolve({ kind: "failed", failure: { kind: "unreachable" } });
      const from = Number(cursor ?? 0);
      const next_cursor = from + 2 < this.jobs.length ? String(from + 2) : null;
      return Promise.resolve({
        kind: "ok",
        value: { items: this.jobs.slice(from, from + 2), next_cursor },
      });
    },
    job: (id) => {
      this.asked.push(id);
      const value = this.jobs.find((job) => job.id === id);
      if (value !== undefined) return Promise.resolve({ kind: "ok", value });
      const words = { code: "not_found", title: "", detail: "", advice: "", problems: [] };
      return Promise.resolve({
        kind: "failed",
        failure: { kind: "problem", status: 404, ...words },
      });
    },
    series: (_match, span) => {
      // A day holds three values, the other spans one.
      const values = span.to - span.from === 86_400_000 ? [1, 2, 3] : [9];
      const value: SeriesRangeView = {
        from_ms: span.from,
        to_ms: span.to,
        step_seconds: null,
        items: [
          {
            name: "belfry_run_duration_seconds",
            labels: { job: "b", app: "billing", site: "vienna" },
            times_ms: values.map((_, i) => i),
            values,
          },
        ],
      };
      return Promise.resolve({ kind: "ok", value });
    },
  };
}

interface World extends Disposable {
  readonly hub: Hub;
  readonly model: JobList;
  readonly view: Signal<JobsView>;
  /** Lets answers arrive and this many ms pass. */
  pass(ms: number): Promise<void>;
  shown(): string;
}

async function createWorld(names: readonly string[]): Promise<World> {
  const clock = stopClock();
  const hub = new Hub(names);
  const view = signal<JobsView>(plainJobs);
  const model = createJobList({ client: hub.client, live: hub.live, view, now: () => 0 });
  await clock.pass(0);
  return {
    hub,
    model,
    view,
    pass: (ms) => clock.pass(ms),
    shown: () => model.ids.value.map((id) => model.row(id)?.value.name).join(),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

test("fetches all pages once; searching and filtering ask nobody", async () => {
  using world = await createWorld(["c", "a", "b"]);
  assert.equal(world.shown(), "a,b,c");
  world.view.value = { ...plainJobs, q: "c" };
  assert.equal(world.shown(), "c");
  assert.deepEqual(world.hub.asked, ["jobs null", "jobs 2"]);
});

test("a run changes its row at once and its place later, and not while it is pointed at", async () => {
  using world = await createWorld(["a", "b"]);
  const run = runOf("new", { job_id: "id of b", status: "failed", started_at: timeAt(99) });
  world.model.hold(true);
  world.hub.listener.runs?.([run]);
  assert.deepEqual(world.model.row("id of b")?.value.troubles, ["failed"]);
  assert.deepEqual(world.model.counts.value[0], { state: "failed", count: 1 });
  await world.pass(3000);
  assert.equal(world.shown(), "a,b");
  world.model.hold(false);
  assert.equal(world.shown(), "b,a");
});

test("jobs that changed are fetched anew one by one; those that are gone leave, new ones come", async () => {
  using world = await createWorld(["a", "b"]);
  world.hub.jobs = [jobOf("a", { troubles: ["late"] }), jobOf("new")];
  world.hub.asked.length = 0;
  world.hub.listener.jobs?.({ changed: ["id of a", "id of b"] });
  world.hub.listener.jobs?.({ changed: ["id of b", "id of new"] });
  await world.pass(700);
  assert.deepEqual(world.hub.asked, ["id of a", "id of b", "id of new"]);
  assert.equal(world.model.total.value, 2);
  await world.pass(3000);
  assert.equal(world.shown(), "a,new");
  assert.deepEqual(world.model.row("id of a")?.value.troubles, ["late"]);
});

test("many that changed are fetched as the whole list, and not all the time", async () => {
  using world = await createWorld(["a", "b"]);
  world.hub.asked.length = 0;
  world.hub.listener.jobs?.({ changed: Array.from({ length: 7 }, (_, i) => `${i}`) });
  await world.pass(700);
  assert.deepEqual(world.hub.asked, ["jobs null"]);
  world.hub.listener.jobs?.({ changed: ["id of a"] });
  await world.pass(2900);
  assert.equal(world.hub.asked.length, 1);
  await world.pass(100);
  assert.deepEqual(world.hub.asked, ["jobs null", "id of a"]);
});

test("of the spans of a trend the one that says most is drawn", async () => {
  using world = await createWorld(["b"]);
  assert.deepEqual([...world.model.trends.lines.value], [[trendKey(jobOf("b")), [1, 2, 3]]]);
});

test("says when the list cannot be fetched, and goes on once it can", async () => {
  using world = await createWorld(["a"]);
  world.hub.isDown = true;
  world.model.refresh();
  await world.pass(0);
  assert.deepEqual(world.model.failure.value, { kind: "unreachable" });
  assert.equal(world.shown(), "a", "what is known stays");
  world.hub.isDown = false;
  world.hub.listener.reset?.({});
  await world.pass(0);
  assert.equal(world.model.failure.value, null);
});

test("watches the rows in view, and while there are none what stands for any", async () => {
  using world = await createWorld([]);
  world.model.see([]);
  world.model.see(["id of a"]);
  assert.match(world.hub.watched[0] ?? "", /^0{8}-/);
  assert.equal(world.hub.watched[1], "id of a");
});
