import assert from "node:assert/strict";
import { test } from "node:test";
import { createRunProgram, runProgram } from "./run-program.ts";
import { parseSysctl } from "./sysctl.ts";

test("gives what a program writes, whose arguments no shell reads", async () => {
  assert.equal(await runProgram("/bin/echo", ["$HOME; `id` *"]), "$HOME; `id` *\n");
});

test("a program that is not there is absent", async () => {
  assert.equal(await runProgram("/nowhere/vm_stat", []), undefined);
});

test("a program that fails and yet wrote something is believed, one that wrote nothing is not", async () => {
  assert.equal(await runProgram("/bin/sh", ["-c", "echo a: 1; exit 1"]), "a: 1\n");
  await assert.rejects(runProgram("/bin/sh", ["-c", "exit 3"]), {
    message: "/bin/sh failed with 3",
  });
});

test("a program that does not end is killed", async () => {
  const run = createRunProgram({ timeoutMs: 100, maxBytes: 1_000 });
  await assert.rejects(run("/bin/sleep", ["60"]), { message: "/bin/sleep did not end in 100 ms" });
});

test("a program that writes without end is stopped", async () => {
  const run = createRunProgram({ timeoutMs: 10_000, maxBytes: 10_000 });
  await assert.rejects(run("/usr/bin/yes", []));
});

test("sysctl's values by name", () => {
  const values = parseSysctl("hw.model: Mac14,2\nkern.empty:\nnot a line\nvm.x: a: b\n");
  assert.deepEqual(
    [...values],
    [
      ["hw.model", "Mac14,2"],
      ["kern.empty", ""],
      ["vm.x", "a: b"],
    ],
  );
});
