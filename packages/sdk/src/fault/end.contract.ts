import assert from "node:assert/strict";
import { it } from "node:test";
import { Sidecar, startJob, wholeJob, type Target } from "./job.kit.ts";

/** How a process may end, and what it may be born with. */
export function endFaults(target: Target): void {
  it("fails the run of a process that exits in the middle, and keeps its code", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `await sdk.monitored({ job: "a" }, () => process.exit(3));`;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err], [3, ""]);
    assert.deepEqual(sidecar.statuses, ["failed"]);
    assert.equal(sidecar.taken.at(-1)?.event.metadata["error_type"], "ExitError");
  });

  it("sends at such an end more than fits into one request", async (t) => {
    const sidecar = await Sidecar.start(t, ({ events }) => ({
      status: events.length > 500 ? 413 : 202,
    }));
    const script = `
      const run = sdk.startRun({ job: "a" });
      for (let line = 0; line < 1200; line += 1) run.event("info", "line " + line);
      process.exit();
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err, sidecar.statuses], [0, "", ["failed"]]);
    assert.equal(new Set(sidecar.taken.map((event) => event.idempotency_key)).size, 1202);
  });

  it("has told what happened until a process is killed", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      await sdk.monitored({ job: "a", heartbeatMs: 50 }, async (run) => {
        run.progress({ current: 1, total: 2 });
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      });
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    const kinds = (): Set<string> => new Set(sidecar.taken.map(({ event }) => event.kind));
    while (!kinds().has("heartbeat")) await new Promise((resolve) => setTimeout(resolve, 5));
    job.child.kill("SIGKILL");
    assert.equal((await job.ended).signal, "SIGKILL");
    assert.deepEqual(kinds(), new Set(["started", "progress", "heartbeat"]));
  });

  it("hands over before it returns, with flushMs and in Lambda", async (t) => {
    const sidecar = await Sidecar.start(t);
    const dies = `process.kill(process.pid, "SIGKILL");`;
    for (const [options, environment] of [
      [`{ job: "a", flushMs: 5_000 }`, {}],
      [`{ job: "a" }`, { AWS_LAMBDA_FUNCTION_NAME: "f" }],
    ] as const) {
      const script = `await sdk.monitored(${options}, () => {}); ${dies}`;
      await startJob(target, script, { SIDECAR_URL: sidecar.url, ...environment }).ended;
    }
    assert.deepEqual(sidecar.statuses, ["succeeded", "succeeded"]);
  });

  for (const [name, code] of [
    ["an uncaught error", `setTimeout(() => { throw new RangeError("boom") }, 5)`],
    ["an unhandled rejection", `void Promise.reject(new RangeError("boom"))`],
  ] as const) {
    it(`fails the run of a process that dies of ${name}, and lets it`, async (t) => {
      const sidecar = await Sidecar.start(t);
      const script = `await sdk.monitored({ job: "a" }, () => { ${code}; return new Promise(() => {}) });`;
      const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
      assert.equal(end.code, 1);
      assert.match(end.err, /RangeError: boom/);
      assert.deepEqual(sidecar.statuses, ["failed"]);
      const { error, error_type, error_stack } = sidecar.taken.at(-1)?.event.metadata ?? {};
      assert.deepEqual([error, error_type], ["boom", "RangeError"]);
      assert.match(String(error_stack), /RangeError: boom\n {4}at /);
    });
  }

  it("lets a program that handles its uncaught errors go on", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      process.on("uncaughtException", () => {});
      await sdk.monitored({ job: "a" }, async () => {
        setTimeout(() => { throw new Error("boom") }, 5);
        await new Promise((resolve) => setTimeout(resolve, 20));
      });
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, sidecar.statuses], [0, ["succeeded"]]);
  });

  const sleepingJob = `
    await sdk.monitored({ job: "a" }, async () => {
      console.log("running");
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    });
  `;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`fails the run of a process that is ended by ${signal}, and lets it die of it`, async (t) => {
      const sidecar = await Sidecar.start(t);
      const job = startJob(target, sleepingJob, { SIDECAR_URL: sidecar.url });
      await job.prints("running");
      job.child.kill(signal);
      const end = await job.ended;
      assert.deepEqual([end.signal, end.code, end.err], [signal, null, ""]);
      assert.deepEqual(sidecar.statuses, ["failed"]);
      const { error } = sidecar.taken.at(-1)?.event.metadata ?? {};
      assert.equal(error, `the process was killed by ${signal}`);
    });
  }

  it("lets a process die of SIGTERM when the server never answers", async (t) => {
    const sidecar = await Sidecar.start(t, () => "never");
    const job = startJob(target, sleepingJob, { SIDECAR_URL: sidecar.url });
    await job.prints("running");
    job.child.kill("SIGTERM");
    assert.equal((await job.ended).signal, "SIGTERM");
  });

  it("leaves SIGTERM to a program that handles it", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      await sdk.monitored({ job: "a" }, async () => {
        const told = new Promise((resolve) => process.once("SIGTERM", resolve));
        setTimeout(() => console.log("running"), 600);
        const alive = setInterval(() => {}, 1000);
        await told;
        clearInterval(alive);
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
      console.log("in order");
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("running");
    job.child.kill("SIGTERM");
    const end = await job.ended;
    assert.deepEqual([end.code, end.signal, end.out], [0, null, "running\nin order\n"]);
    assert.deepEqual(sidecar.statuses, ["succeeded"]);
    const lines = sidecar.taken.filter(({ event }) => event.kind === "event");
    assert.deepEqual(
      lines.map(({ event }) => event.metadata["message"]),
      ["the process received SIGTERM"],
    );
  });

  it("keeps no process alive: an open run, heartbeats and all", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      sdk.startRun({ job: "forgotten", heartbeatMs: 10 }).progress(0.5);
      await new Promise((resolve) => setTimeout(resolve, 700));
      console.log(process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY/.test(name)).join());
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "\n", ""]);
    assert.deepEqual(sidecar.statuses, ["failed"]);
  });

  it("takes its parent, trace and names from the environment", async (t) => {
    const sidecar = await Sidecar.start(t);
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const script = `
      import { spawnSync } from "node:child_process";
      await sdk.monitored({ job: "outer" }, (run) => {
        console.log(run.id);
        const text = "const sdk = await import(" + JSON.stringify(${JSON.stringify(target.sdk)}) + ");" +
          "await sdk.monitored({ job: 'inner' }, () => {});";
        spawnSync(process.execPath, ["--input-type=module", "-e", text], { env: { ...process.env, ...run.environment } });
      });
    `;
    const end = await startJob(target, script, {
      SIDECAR_URL: sidecar.url,
      BELFRY_PARENT_RUN: "above",
      TRACEPARENT: `00-${trace}-b7ad6b7169203331-01`,
      BELFRY_APP: "app",
      BELFRY_APP_VERSION: "2",
      AWS_LAMBDA_FUNCTION_NAME: "f",
      AWS_REGION: "eu-west-1",
    }).ended;
    const starts = sidecar.taken.filter(({ event }) => event.kind === "started");
    assert.deepEqual(
      new Set(
        starts.map(
          ({ entity: { business_key, type, parent_id } }) => `${business_key} ${type} ${parent_id}`,
        ),
      ),
      new Set([`inner subjob ${end.out.trim()}`, "outer subjob above"]),
    );
    for (const event of starts) {
      assert.equal(event.trace?.trace_id, trace);
      assert.deepEqual(event.app, { app_id: null, name: "app", version: "2" });
      assert.deepEqual(event.event.metadata["aws"], {
        compute_platform: "lambda",
        function_name: "f",
        region: "eu-west-1",
      });
    }
  });

  it("sends nothing with BELFRY_SDK=off", async (t) => {
    const sidecar = await Sidecar.start(t);
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url, BELFRY_SDK: "off" })
      .ended;
    assert.deepEqual(
      [end.code, end.out, end.err, sidecar.requests.length],
      [0, "value 7\n", "", 0],
    );
  });
}
