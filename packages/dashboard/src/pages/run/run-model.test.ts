import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import type { RunTreeView, RunView } from "@belfry/contract";
import type { LiveListener } from "../../live/stream.ts";
import { createRunModel, type RunModelParts } from "./run-model.ts";
import { partOf, runOf, timeAt, treeOf } from "./run.kit.ts";

/** Stands for the hub: has runs, gives good ones on pages of one, and says what a test has it say. */
class Hub implements RunModelParts {
  readonly trees = new Map<string, RunTreeView>();
  good: readonly RunView[] = [];
  listener: LiveListener = {};
  watched: readonly string[] = [];
  readonly opened = signal(0);

  readonly live: RunModelParts["live"] = {
    opened: this.opened,
    listen: (listener) => {
      this.listener = listener;
      return () => (this.listener = {});
    },
    watchRuns: (ids) => (this.watched = ids),
  };

  readonly client: RunModelParts["client"] = {
    run: (id) => {
      const value = this.trees.get(id);
      if (value !== undefined) return Promise.resolve({ kind: "ok", value });
      const failure = { kind: "problem", status: 404, code: "not_found" } as const;
      const words = { title: "", detail: "", advice: "", problems: [] };
      return Promise.resolve({ kind: "failed", failure: { ...failure, ...words } });
    },
    runs: ({ cursor = "0" }) => {
      const at = Number(cursor);
      const next_cursor = at + 1 < this.good.length ? String(at + 1) : null;
      return Promise.resolve({
        kind: "ok",
        value: { items: this.good.slice(at, at + 1), next_cursor },
      });
    },
    runEvents: () => Promise.resolve({ kind: "ok", value: { items: [], next_cursor: null } }),
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("follows a run with all below it, and knows the one above", async () => {
  const hub = new Hub();
  hub.trees.set("top", treeOf(runOf("top"), []));
  hub.trees.set("r", treeOf(partOf("top", "r", [0, null]), []));
  using model = createRunModel("r", hub);
  await soon();
  assert.deepEqual(hub.watched, ["r"]);
  assert.equal(model.parent.value?.id, "top");
  hub.listener.runs?.([partOf("r", "a", [1, null]), partOf("top", "r", [0, 2])]);
  assert.deepEqual(
    [model.run.value?.status, model.run.value?.subruns.map(({ id }) => id)],
    ["succeeded", ["a"]],
  );
});

test("what changed before the stream was open is fetched once it is", async () => {
  const hub = new Hub();
  hub.trees.set("r", treeOf(runOf("r", { status: "running" }), []));
  using model = createRunModel("r", hub);
  await soon();
  hub.trees.set("r", treeOf(runOf("r"), []));
  hub.opened.value += 1;
  await soon();
  assert.equal(model.run.value?.status, "succeeded");
});

test("a run that is not there is missing", async () => {
  const hub = new Hub();
  using model = createRunModel("r", hub);
  await soon();
  assert.equal(model.failure.value, "missing");
});

test("finds the last good run before it, however many came after", async () => {
  const hub = new Hub();
  const run = runOf("r", { job_id: "j", started_at: timeAt(100) });
  const later = ["a", "b"].map((id) => runOf(id, { started_at: timeAt(200) }));
  const before = runOf("before", { started_at: timeAt(50) });
  hub.good = [...later, run, before, runOf("older")];
  hub.trees.set("r", treeOf(run, []));
  hub.trees.set("before", treeOf(before, []));
  using model = createRunModel("r", hub);
  await soon();
  await model.findPrevious();
  const found = model.previous.value;
  assert.equal(found.kind === "found" ? found.run.id : found.kind, "before");
  hub.good = later;
  await model.findPrevious();
  assert.equal(model.previous.value.kind, "none");
});
