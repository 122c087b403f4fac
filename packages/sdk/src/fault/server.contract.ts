import assert from "node:assert/strict";
import { it } from "node:test";
import type { JobEvent } from "@belfry/contract";
import { Sidecar, startJob, wholeJob, type Answer, type Target } from "./job.kit.ts";

/** What a server may do, or not do. */
export function serverFaults(target: Target): void {
  it("hands everything over before an ordinary end", async (t) => {
    const sidecar = await Sidecar.start(t);
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url, SITE_ID: "fab1" })
      .ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "value 7\n", ""]);
    assert.deepEqual(
      sidecar.taken.map(({ event }) => event.kind),
      ["started", "event", "event", "event", "finished"],
    );
    assert.equal(sidecar.taken[0]?.site_id, "fab1");
  });

  it("sends with a key to a hub, one event alone as one", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      const emitter = new sdk.HubEmitter(${JSON.stringify(sidecar.url)}, "secret");
      const run = sdk.startRun({ job: "a", emitter });
      await emitter.flush();
      run.finish();
      run.event("late");
      await emitter.close();
    `;
    const end = await startJob(target, script).ended;
    assert.deepEqual([end.code, end.err], [0, ""]);
    assert.deepEqual(
      sidecar.requests.map(({ path, headers }) => [path, headers.authorization]),
      Array(2).fill(["/v1/ingest/events", "Bearer secret"]),
    );
  });

  it("uses one connection, and compresses batches", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      const emitter = new sdk.SidecarEmitter();
      for (let round = 0; round < 3; round += 1) {
        for (let run = 0; run < 20; run += 1) sdk.startRun({ job: "a", emitter }).finish();
        console.log(await emitter.flush());
      }
    `;
    const end = await startJob(target, script, { BELFRY_SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "true\ntrue\ntrue\n", ""]);
    assert.equal(sidecar.taken.length, 120);
    assert.deepEqual(
      sidecar.requests.map(({ headers }) => [headers.connection, headers["content-encoding"]]),
      Array(3).fill(["keep-alive", "gzip"]),
    );
  });

  it("does without compression where it is not understood", async (t) => {
    const sidecar = await Sidecar.start(t, ({ headers }) => ({
      status: headers["content-encoding"] === "gzip" ? 422 : 200,
    }));
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err, sidecar.taken.length], [0, "", 5]);
  });

  it("neither fails nor waits long when there is no server", async () => {
    const end = await startJob(target, wholeJob, { SIDECAR_URL: "http://127.0.0.1:1" }).ended;
    assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
    assert.match(end.err, /^belfry: events cannot be delivered and wait: .*ECONNREFUSED.*\n$/);
  });

  for (const url of ["not a url", "ftp://x/", "http://127.0.0.1:99999"]) {
    it(`takes the address ${url} for what it is`, async () => {
      const end = await startJob(target, wholeJob, { SIDECAR_URL: url }).ended;
      assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
      assert.match(
        end.err,
        /^belfry: events cannot be delivered and wait; the settings look wrong/,
      );
    });
  }

  it("takes a key that no header can hold for what it is", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      const emitter = new sdk.HubEmitter(${JSON.stringify(sidecar.url)}, "a\\nb");
      await sdk.monitored({ job: "a", emitter }, () => {});
    `;
    const end = await startJob(target, script).ended;
    assert.deepEqual([end.code, sidecar.requests.length], [0, 0]);
    assert.match(end.err, /^belfry: events cannot be delivered and wait; the settings look wrong/);
    assert.ok(!end.err.includes("a\nb"));
  });

  it("lets the process end after two seconds when the server never answers", async (t) => {
    const sidecar = await Sidecar.start(t, () => "never");
    const script = `
      const begin = performance.now();
      ${wholeJob}
      console.log(performance.now() - begin < 1000);
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out], [0, "value 7\ntrue\n"]);
    assert.ok(end.ms < 15_000);
  });

  const answers: readonly { readonly name: string; readonly answer: Answer }[] = [
    { name: "is broken for a while", answer: (_, n) => ({ status: n < 4 ? 500 : 202 }) },
    { name: "is busy for a while", answer: (_, n) => ({ status: n < 3 ? 429 : 202 }) },
    { name: "answers with what is no JSON", answer: () => ({ status: 200, body: "<html>" }) },
    {
      name: "has no room for many at once",
      answer: ({ events }) => ({ status: events.length > 2 ? 413 : 202 }),
    },
    { name: "lacks the key for a while", answer: (_, n) => ({ status: n < 3 ? 401 : 202 }) },
  ];
  for (const { name, answer } of answers) {
    it(`delivers each event once to a server that ${name}`, async (t) => {
      const sidecar = await Sidecar.start(t, answer);
      const script = `
        const emitter = new sdk.SidecarEmitter(null, { pauseMs: 5, delayMs: 5, onProblem() {} });
        const run = sdk.startRun({ job: "a", emitter });
        for (let line = 0; line < 8; line += 1) run.event("info", "line " + line);
        run.finish();
        while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        console.log("all out", emitter.dropped);
      `;
      const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
      assert.deepEqual([end.code, end.out, end.err], [0, "all out 0\n", ""]);
      const keys = sidecar.taken.map((event) => event.idempotency_key);
      assert.deepEqual([keys.length, new Set(keys).size], [10, 10]);
    });
  }

  it("drops only what is refused, and tells of it later", async (t) => {
    const isBad = ({ event }: JobEvent): boolean => event.metadata["message"] === "line 3";
    const sidecar = await Sidecar.start(t, ({ events }) => ({
      status: events.some(isBad) ? 422 : 202,
    }));
    const script = `
      const problems = [];
      const emitter = new sdk.SidecarEmitter(null, { onProblem: (problem) => problems.push(problem) });
      const run = sdk.startRun({ job: "a", emitter });
      for (let line = 0; line < 8; line += 1) run.event("info", "line " + line);
      await emitter.flush();
      run.finish();
      await emitter.close();
      console.log(problems.length);
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "1\n", ""]);
    assert.equal(sidecar.taken.length, 9);
    assert.equal(sidecar.taken.at(-1)?.event.metadata["sdk_dropped_events"], 1);
  });

  it("tells later of what a batch was taken without", async (t) => {
    const sidecar = await Sidecar.start(t, ({ events }) => ({
      status: 200,
      body: JSON.stringify({ ok: true, total: events.length, failed: events.length > 1 ? 2 : 0 }),
    }));
    const script = `
      const emitter = new sdk.SidecarEmitter(null, { onProblem: console.log });
      const run = sdk.startRun({ job: "a", emitter });
      run.event("info", "x");
      console.log(await emitter.flush());
      run.finish();
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err], [0, ""]);
    assert.match(
      end.out,
      /^belfry: events were refused and dropped: .* the answer was 200 but for 2\ntrue\n$/,
    );
    assert.equal(sidecar.taken.at(-1)?.event.metadata["sdk_dropped_events"], 2);
  });

  it("keeps to its memory when nobody answers, and starts and ends are dropped last", async (t) => {
    let isOpen = false;
    const sidecar = await Sidecar.start(t, () => ({ status: isOpen ? 202 : 503 }));
    const script = `
      const emitter = new sdk.SidecarEmitter(null, { maxQueueBytes: 40_000, pauseMs: 5, onProblem() {} });
      const run = sdk.startRun({ job: "a", emitter, heartbeatMs: 0 });
      await emitter.flush();
      for (let line = 0; line < 1000; line += 1) run.event("info", "line " + line);
      process.on("SIGUSR2", async () => {
        run.finish();
        while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        process.stdout.write(" " + emitter.dropped, () => process.exit());
      });
      setInterval(() => {}, 1000);
      console.log("flooded");
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("flooded");
    isOpen = true;
    job.child.kill("SIGUSR2");
    const end = await job.ended;
    assert.deepEqual([end.code, end.err], [0, ""]);
    const kinds = new Set(sidecar.taken.map(({ event }) => event.kind));
    assert.deepEqual([...kinds], ["started", "event", "finished"]);
    // What was dropped after the last event was made waits for one that tells of it.
    const told = sidecar.taken.reduce(
      (sum, { event }) => sum + Number(event.metadata["sdk_dropped_events"] ?? 0),
      Number(end.out.replace("flooded", "")),
    );
    assert.ok(told > 800);
    assert.equal(told + sidecar.taken.length, 1002);
  });
}
