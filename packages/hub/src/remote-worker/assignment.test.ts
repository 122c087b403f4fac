import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ok, bad, type WorkerMonitor } from "@belfry/contract";
import type { CheckKind } from "../model/check-kind.ts";
import { createId, type MonitorId } from "../model/id.ts";
import { judgingView, defaultJudging } from "../model/monitor-input.ts";
import type { Monitor } from "../model/monitor.ts";
import { Assignment } from "./assignment.ts";
import { openKeepsake } from "./keepsake.ts";

const now = 1_700_000_000_000;

function monitorOf(over: Partial<WorkerMonitor> = {}): WorkerMonitor {
  return {
    id: createId<"monitor">(now),
    version: 1,
    name: "shop",
    kind: "tcp",
    settings: { host: "db", port: 5432 },
    interval: 10,
    timeout: 2.5,
    judging: judgingView(defaultJudging()),
    ...over,
  };
}

/** Guarantee: an assignment asks a kind for nothing but to parse settings. */
function kindThat(parseSettings: CheckKind["parseSettings"]): CheckKind {
  return { parseSettings } as CheckKind;
}

function createPlace() {
  const scheduled = new Map<MonitorId, Monitor>();
  const forgotten: MonitorId[] = [];
  const sooner: (number | undefined)[] = [];
  const assignment = new Assignment({
    kinds: new Map([
      [
        "tcp",
        kindThat((settings) =>
          typeof settings === "object" && settings !== null && "host" in settings
            ? ok({ host: "db" })
            : bad({ path: "settings.host", message: "is required" }),
        ),
      ],
    ]),
    now: () => now,
    scheduler: {
      add(monitor, delayMs, soonerMs) {
        assert.ok(delayMs > 0 && delayMs <= monitor.intervalMs);
        sooner.push(soonerMs);
        scheduled.set(monitor.id, monitor);
      },
      remove: (id) => void scheduled.delete(id),
    },
    forget: (id) => void forgotten.push(id),
  });
  return { assignment, scheduled, forgotten, sooner };
}

describe("what a worker has to check", () => {
  it("is checked from when it is given until it is not; what changed begins anew", () => {
    const { assignment, scheduled, forgotten, sooner } = createPlace();
    const [a, b] = [monitorOf(), monitorOf()];
    assignment.replace([a, b]);
    assert.deepEqual(sooner, [0, 0], "at once");
    assignment.replace([{ ...a, version: 2, timeout: 5 }, monitorOf()]);
    assert.equal(forgotten.length, 2);
    assert.equal(scheduled.size, 2);
    assert.equal([...scheduled.values()].find(({ id }) => id === a.id)?.timeoutMs, 5_000);
    assert.equal(sooner.length, 4);
    assignment.replace([]);
    assert.equal(assignment.size, 0);
    assert.equal(scheduled.size, 0);
  });

  it("is spread when there is much of it at once", () => {
    const { assignment, sooner } = createPlace();
    assignment.replace(Array.from({ length: 100 }, () => monitorOf()));
    assert.ok(new Set(sooner).size > 50);
    assert.ok(sooner.every((ms) => ms !== undefined && ms >= 0 && ms < 10_000));
  });

  it("says what this release does not know", () => {
    const { assignment } = createPlace();
    const [known, strange, unfit] = [
      monitorOf(),
      monitorOf({ kind: "telepathy" }),
      monitorOf({ settings: {} }),
    ];
    assignment.replace([known, strange, unfit]);
    const why = [...assignment.monitors()].map(({ id }) => assignment.misfit(id));
    assert.deepEqual(why, [
      undefined,
      "this worker's release knows no checks of kind telepathy",
      "this worker's release cannot apply settings.host: is required",
    ]);
  });

  it("is kept on disk, for its owner alone; what is damaged is told anew", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "belfry-keepsake-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const keepsake = await openKeepsake(join(folder, "worker", "paris"));
    assert.equal(await keepsake.load(), undefined);
    const kept = {
      id: createId<"worker">(now),
      known: "x",
      clock_offset_ms: -3.5,
      monitors: [monitorOf()],
    };
    await Promise.all([keepsake.save({ ...kept, known: "w" }), keepsake.save(kept)]);
    assert.deepEqual(await keepsake.load(), kept);
    const path = join(folder, "worker", "paris", "worker.json");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await writeFile(path, "{");
    assert.equal(await keepsake.load(), undefined);
  });
});
