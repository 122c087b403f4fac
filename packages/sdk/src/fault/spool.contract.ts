import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { Sidecar, startJob, wholeJob, type Target } from "./job.kit.ts";

/** What may become of the file for events that nobody takes. */
export function spoolFaults(target: Target): void {
  const folderOf = (t: TestContext): string => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-sdk-"));
    t.after(() => rmSync(folder, { recursive: true }));
    return folder;
  };

  for (const [name, script] of [
    ["an ordinary end", wholeJob],
    [
      "process.exit",
      `await sdk.monitored({ job: "daily" }, (run) => { run.event("info", "x"); process.exit(0); });`,
    ],
  ] as const) {
    it(`keeps in a file what nobody took before ${name}, and the next process sends it once`, async (t) => {
      const file = join(folderOf(t), "spool.ndjson");
      const environment = { BELFRY_SPOOL_FILE: file, SIDECAR_URL: "http://127.0.0.1:1" };
      assert.equal((await startJob(target, script, environment).ended).code, 0);
      const kept = readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
      assert.ok(kept.length >= 3);
      const sidecar = await Sidecar.start(t);
      await startJob(target, wholeJob, { ...environment, SIDECAR_URL: sidecar.url }).ended;
      const keys = sidecar.taken.map((event) => event.idempotency_key);
      assert.deepEqual([keys.length, new Set(keys).size], [kept.length + 5, kept.length + 5]);
      assert.deepEqual(readdirSync(join(file, "..")), []);
    });
  }

  it("sends from the file as soon as the server is back", async (t) => {
    let isOpen = false;
    const sidecar = await Sidecar.start(t, () => ({ status: isOpen ? 202 : 503 }));
    const file = join(folderOf(t), "spool.ndjson");
    const script = `
      const emitter = new sdk.SidecarEmitter(null, { pauseMs: 5, delayMs: 5, spoolFile: ${JSON.stringify(file)}, onProblem() {} });
      const run = sdk.startRun({ job: "a", emitter, heartbeatMs: 0 });
      for (let line = 0; line < 2000; line += 1) run.event("info", "line " + line);
      run.finish();
      while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("on disk");
      setInterval(() => {}, 1000);
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("on disk");
    isOpen = true;
    while (sidecar.taken.length < 2002) await new Promise((resolve) => setTimeout(resolve, 5));
    job.child.kill("SIGKILL");
    await job.ended;
    assert.equal(new Set(sidecar.taken.map((event) => event.idempotency_key)).size, 2002);
  });

  for (const [name, place] of [
    ["full", (folder: string) => symlinkSync("/dev/full", join(folder, "spool"))],
    ["a folder that is missing", () => undefined],
  ] as const) {
    it(`does without a file whose disk is ${name}`, async (t) => {
      const folder = folderOf(t);
      place(folder);
      const file = name === "full" ? join(folder, "spool") : join(folder, "none", "spool");
      const environment = { BELFRY_SPOOL_FILE: file, SIDECAR_URL: "http://127.0.0.1:1" };
      const end = await startJob(target, wholeJob, environment).ended;
      assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
      const sidecar = await Sidecar.start(t);
      const good = { ...environment, SIDECAR_URL: sidecar.url };
      assert.equal((await startJob(target, wholeJob, good).ended).code, 0);
      assert.equal(sidecar.taken.length, 5);
    });
  }
}
