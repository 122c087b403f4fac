import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { describe, it } from "node:test";
import { JobEventSchema, createParser } from "@belfry/contract";
import {
  Monitored,
  MemoryEmitter,
  currentRun,
  monitor,
  monitored,
  startRun,
  within,
  type JobEvent,
  type Run,
  type RunOptions,
} from "./index.ts";

// Runs without an emitter of their own shall reach nobody.
process.env["BELFRY_SDK"] = "off";

const parseEvent = createParser(JobEventSchema);

/** What a test looks at: kind, status, metrics without those of the process, metadata without those of the process. */
function said({ event }: JobEvent): unknown[] {
  const { process: _p, sdk: _s, heartbeat_s: _h, error_stack: _e, ...metadata } = event.metadata;
  const metrics = Object.entries(event.metrics).filter(
    ([name]) => !/^(duration_s|cpu_|mem_max_mb|event_loop_)/.test(name),
  );
  return [event.kind, event.status, Object.fromEntries(metrics), metadata];
}

function follow(
  work: (run: Run) => unknown,
  options: Partial<RunOptions> = {},
): readonly JobEvent[] {
  const emitter = new MemoryEmitter();
  work(startRun({ job: "daily", emitter, heartbeatMs: 0, progressEveryMs: 0, ...options }));
  return emitter.events;
}

describe("a run says", () => {
  const started = ["started", "running", {}, {}];
  const succeeded = ["finished", "succeeded", {}, {}];
  const rows: readonly {
    readonly name: string;
    readonly work: (run: Run) => unknown;
    readonly says: readonly unknown[];
  }[] = [
    { name: "that it started and ended", work: (run) => run.finish(), says: [started, succeeded] },
    {
      name: "how far it is, as a ratio",
      work: (run) => run.progress(0.5),
      says: [started, ["progress", "running", { progress_pct: 50 }, {}]],
    },
    {
      name: "how far it is, as counts and a message",
      work: (run) => run.progress({ current: 1, total: 4, message: "file a" }),
      says: [
        started,
        [
          "progress",
          "running",
          { progress_current: 1, progress_total: 4, progress_pct: 25 },
          { message: "file a" },
        ],
      ],
    },
    {
      name: "nothing of figures that are none",
      work: (run) => {
        run.progress({ current: Number.NaN, total: 0 });
        run.metric("rows", Infinity);
      },
      says: [started, ["progress", "running", { progress_total: 0 }, {}]],
    },
    {
      name: "figures of the job's own",
      work: (run) => {
        run.metric("rows", 12, "rows");
        run.metric("errors", 0);
      },
      says: [
        started,
        ["metric", "running", { rows: 12 }, { unit: "rows" }],
        ["metric", "running", { errors: 0 }, {}],
      ],
    },
    {
      name: "lines of a log",
      work: (run) => run.event("warn", "disk is slow", { disk: "sda" }),
      says: [
        started,
        [
          "event",
          "running",
          {},
          { level: "warn", message: "disk is slow", context: { disk: "sda" } },
        ],
      ],
    },
    {
      name: "a tick with its metadata",
      work: (run) => run.tick({ step: 2 }),
      says: [started, ["progress", "running", {}, { step: 2 }]],
    },
    {
      name: "why it failed",
      work: (run) => run.fail(new TypeError("no such file"), { file: "a" }),
      says: [
        started,
        ["finished", "failed", {}, { file: "a", error: "no such file", error_type: "TypeError" }],
      ],
    },
    {
      name: "what was thrown that is no error",
      work: (run) => run.fail("full"),
      says: [started, ["finished", "failed", {}, { error: "full", error_type: "string" }]],
    },
    {
      name: "that it was given up",
      work: (run) => run.cancel("not needed"),
      says: [started, ["canceled", "canceled", {}, { reason: "not needed" }]],
    },
    {
      name: "only its first end, and nothing after it",
      work: (run) => {
        run.complete();
        run.fail(new Error("late"));
        run.progress(1);
        run.metric("rows", 1);
        run.event("info", "late");
        run.cancel();
      },
      says: [started, succeeded],
    },
    {
      name: "that its scope was left without complete()",
      work: (run) => run[Symbol.dispose](),
      says: [
        started,
        [
          "finished",
          "failed",
          {},
          {
            error: "the scope of the run was left without run.complete()",
            error_type: "IncompleteError",
          },
        ],
      ],
    },
  ];
  for (const { name, work, says } of rows) {
    it(name, () => {
      const events = follow((run) => {
        work(run);
        run.finish();
      });
      const own = events.map(said);
      // The end that `follow` adds is no part of the row.
      assert.deepEqual(own.slice(0, says.length), says);
      assert.ok(own.length <= says.length + 1);
      for (const event of events) {
        const parsed = parseEvent(JSON.parse(JSON.stringify(event)));
        assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
      }
    });
  }
});

describe("progress in quick succession", () => {
  it("is thinned, and the latest one comes before the end", () => {
    const events = follow(
      (run) => {
        for (let done = 1; done <= 1000; done += 1) run.progress({ current: done, total: 1000 });
        run.finish();
      },
      { progressEveryMs: 60_000 },
    );
    assert.deepEqual(
      events.map(({ event }) => [event.kind, event.metrics["progress_current"]]),
      [
        ["started", undefined],
        ["progress", 1],
        ["progress", 1000],
        ["finished", undefined],
      ],
    );
  });

  it("goes out by itself when the job says nothing more", async () => {
    const emitter = new MemoryEmitter();
    const run = startRun({ job: "daily", emitter, progressEveryMs: 10 });
    run.progress(0.1);
    run.progress(0.2);
    await eventually(() => emitter.events.length === 3);
    assert.equal(emitter.events[2]?.event.metrics["progress_pct"], 20);
    run.finish();
  });
});

describe("a run that goes on", () => {
  it("sends heartbeats with its usage and progress", async () => {
    const emitter = new MemoryEmitter();
    const run = startRun({ job: "daily", emitter, heartbeatMs: 1, progressEveryMs: 0 });
    run.progress(0.3);
    const isBeat = ({ event }: JobEvent): boolean => event.kind === "heartbeat";
    await eventually(() => emitter.events.some(isBeat));
    run.finish();
    const metrics = emitter.events.find(isBeat)?.event.metrics ?? {};
    assert.equal(metrics["progress_pct"], 30);
    for (const name of ["duration_s", "mem_max_mb"]) assert.ok((metrics[name] ?? 0) > 0, name);
    for (const name of ["cpu_user_s", "cpu_system_s"]) assert.ok((metrics[name] ?? -1) >= 0, name);
  });

  it("measures what it used, and how late the event loop was", async () => {
    const emitter = new MemoryEmitter();
    await monitored({ job: "busy", emitter }, async () => {
      await wait(60);
      const until = performance.now() + 150;
      while (performance.now() < until);
      await wait(30);
    });
    const metrics = emitter.events.at(-1)?.event.metrics ?? {};
    assert.ok((metrics["duration_s"] ?? 0) >= 0.2);
    assert.ok((metrics["cpu_user_s"] ?? 0) > 0);
    assert.ok((metrics["event_loop_lag_max_s"] ?? 0) >= 0.1, JSON.stringify(metrics));
  });

  it("says when its figures are shared with other runs", async () => {
    const emitter = new MemoryEmitter();
    const a = startRun({ job: "a", emitter });
    const b = startRun({ job: "b", emitter });
    a.finish();
    b.finish();
    startRun({ job: "c", emitter }).finish();
    const shared = emitter.events
      .filter(({ event }) => event.kind === "finished")
      .map(({ event }) => [event.metadata["resource_scope"], event.metadata["overlapping_runs"]]);
    assert.deepEqual(shared, [
      ["process", 1],
      ["process", 1],
      [undefined, undefined],
    ]);
  });
});

describe("monitored", () => {
  it("returns the job's value", async () => {
    const emitter = new MemoryEmitter();
    assert.equal(await monitored({ job: "a", emitter }, () => 7), 7);
  });

  it("rejects with the job's own error", async () => {
    const emitter = new MemoryEmitter();
    for (const thrown of [new Error("x"), "text", undefined, Object.freeze({ a: 1 })]) {
      const caught = await monitored({ job: "a", emitter }, () => {
        throw thrown;
      }).catch((error: unknown) => ({ error }));
      assert.equal((caught as { error: unknown }).error, thrown);
    }
  });

  it("leaves the end to the job that ends its run", async () => {
    const emitter = new MemoryEmitter();
    await monitored({ job: "a", emitter }, (run) => run.cancel("nothing to do"));
    assert.deepEqual(
      emitter.events.map(({ event }) => event.kind),
      ["started", "canceled"],
    );
  });

  it("makes runs inside of it parts of it, each in its own branch", async () => {
    const emitter = new MemoryEmitter();
    const ids: Record<string, string> = {};
    const child = async (name: string): Promise<void> => {
      await wait(1);
      await monitored({ job: name, emitter, subKey: name }, async (run) => {
        ids[name] = run.id;
        await wait(1);
        assert.equal(currentRun(), run);
        startRun({ job: `${name}-leaf`, emitter }).finish();
      });
    };
    await monitored({ job: "root", emitter }, async (run) => {
      ids["root"] = run.id;
      await Promise.all([child("one"), child("two")]);
    });
    const parents = emitter.events
      .filter(({ event }) => event.kind === "started")
      .map(
        ({ entity: { business_key, type, parent_id } }) => `${business_key} ${type} ${parent_id}`,
      );
    assert.deepEqual(
      parents.toSorted((a, b) => a.localeCompare(b)),
      [
        `one subjob ${ids["root"]}`,
        `one-leaf subjob ${ids["one"]}`,
        "root job null",
        `two subjob ${ids["root"]}`,
        `two-leaf subjob ${ids["two"]}`,
      ],
    );
    assert.equal(new Set(emitter.events.map(({ trace }) => trace.trace_id)).size, 1);
    assert.equal(new Set(emitter.events.map(({ trace }) => trace.span_id)).size, 5);
    assert.equal(currentRun(), undefined);
  });
});

describe("startRun", () => {
  it("fails a run whose scope is left by an error, and keeps the error", async () => {
    const emitter = new MemoryEmitter();
    const job = async (): Promise<void> => {
      await using run = startRun({ job: "scoped", emitter });
      if (emitter.events.length === 1) throw new Error("half-way");
      run.complete();
    };
    await assert.rejects(job, /^Error: half-way$/);
    await job();
    assert.deepEqual(
      emitter.events.map(({ event }) => event.status),
      ["running", "failed", "running", "succeeded"],
    );
  });

  it("gives each event a key of its own, also for an id that comes again", () => {
    const emitter = new MemoryEmitter();
    for (let round = 0; round < 2; round += 1)
      startRun({ job: "a", id: "fixed", emitter }).finish();
    startRun({ job: "a", emitter }).finish();
    assert.equal(new Set(emitter.events.map((event) => event.idempotency_key)).size, 6);
  });

  it("takes its parent from the option before the run around it", () => {
    const emitter = new MemoryEmitter();
    const outer = startRun({ job: "outer", emitter });
    const other = startRun({ job: "other", emitter });
    const parents = within(outer, () =>
      [undefined, other, "elsewhere", null].map((parent) => {
        const run = startRun({ job: "a", emitter, ...(parent === undefined ? {} : { parent }) });
        run.finish();
        return run.entity.parent_id;
      }),
    );
    assert.deepEqual(parents, [outer.id, other.id, "elsewhere", null]);
    outer.finish();
    other.finish();
  });

  it("makes something of whatever it is given", () => {
    const emitter = new MemoryEmitter();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const strange: readonly unknown[] = [
      { job: undefined },
      { job: 7, site: null, app: {}, subKey: Symbol("x"), id: "" },
      { job: "a\0b\ud800", metadata: cycle, traceparent: "nonsense", heartbeatMs: Number.NaN },
      { job: "x".repeat(10_000), app: { name: "y".repeat(10_000) }, type: "z".repeat(1_000) },
      {
        get job() {
          throw new Error("a getter");
        },
      },
      null,
    ];
    for (const options of strange) {
      const usable = options as RunOptions;
      const run = startRun(
        options === null ? usable : Object.assign(Object.create(usable), { emitter }),
      );
      run.finish();
    }
    assert.ok(emitter.events.length >= 8);
    for (const { entity, app, site_id } of emitter.events) {
      const event = emitter.events[0]?.event;
      const bare = {
        idempotency_key: "k",
        site_id,
        app,
        entity,
        event: { ...event, metadata: {} },
      };
      const parsed = parseEvent(bare);
      assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
    }
  });

  it("survives an emitter that throws and callers' objects that throw", async () => {
    const emitter = {
      send: () => {
        throw new Error("broken emitter");
      },
      flush: () => Promise.reject(new Error("broken flush")),
      close: () => Promise.resolve(),
    };
    const value = await monitored({ job: "a", emitter, flushMs: 10 }, (run) => {
      run.progress({
        get current(): number {
          throw new Error("a getter");
        },
      });
      run.event("info", "x");
      return "value";
    });
    assert.equal(value, "value");
  });
});

describe("wrapper, decorator and the Python names", () => {
  it("monitor keeps this, arguments and value", async () => {
    const emitter = new MemoryEmitter();
    const object = {
      factor: 3,
      scale: monitor({ job: "scale", emitter }, function (this: { factor: number }, by: number) {
        return by * this.factor;
      }),
    };
    assert.equal(await object.scale(5), 15);
    assert.equal(emitter.events.length, 2);
  });

  it("monitor decorates methods", async () => {
    const emitter = new MemoryEmitter();
    const decorate = monitor({ job: "method", emitter });
    const method = decorate(
      (name: string) => `hello ${name}`,
      {} as unknown as ClassMethodDecoratorContext,
    );
    assert.equal(await method.call(undefined, "you"), "hello you");
    assert.equal(emitter.events[0]?.entity.business_key, "method");
  });

  it("Monitored is Python's", async () => {
    const emitter = new MemoryEmitter();
    const mon = new Monitored({
      site_id: "fab1",
      app: { app_id: "a-1", name: "sorter", version: "1.0" },
      entity_type: "subjob",
      business_key: "sort",
      sub_key: "lot-7",
      parent_id: "p-1",
      emitter,
      metadata: { operator: "x" },
    });
    await mon.run((same) => {
      same.tick({ step: 1 });
      same.progress({ current: 1, total: 2 });
    });
    const [first] = emitter.events;
    assert.equal(first?.site_id, "fab1");
    assert.deepEqual(first?.app, { app_id: "a-1", name: "sorter", version: "1.0" });
    assert.deepEqual(
      { ...first?.entity },
      {
        type: "subjob",
        id: mon.entity_id,
        parent_id: "p-1",
        business_key: "sort",
        sub_key: "lot-7",
      },
    );
    assert.equal(mon.entity_ref.entity_id, mon.entity_id);
    assert.ok(mon.mem_max_mb > 0);
    assert.deepEqual(
      emitter.events.map(({ event }) => event.kind),
      ["started", "progress", "progress", "finished"],
    );
  });

  it("Monitored passes the block's error on", async () => {
    const emitter = new MemoryEmitter();
    const error = new Error("block");
    const mon = new Monitored({ business_key: "a", emitter });
    await assert.rejects(
      mon.run(() => {
        throw error;
      }),
      (caught) => caught === error,
    );
    assert.equal(emitter.events.at(-1)?.event.status, "failed");
  });
});

async function eventually(isSo: () => boolean): Promise<void> {
  const until = performance.now() + 5_000;
  while (!isSo()) {
    if (performance.now() > until) assert.fail("it never came");
    await wait(5);
  }
}
