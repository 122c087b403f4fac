/**
 * A job that goes on until it is killed, as a program of somebody's would: a run with one subrun, both of which promise a
 * heartbeat every 300 ms. Prints `started` once the hub has taken both.
 */
import { startRun, within } from "@belfry/sdk";

const options = { site: "vienna", app: "victim", heartbeatMs: 300, progressEveryMs: 0 };
const run = startRun({ ...options, job: "endless", metadata: { from: "started" } });
const part = within(run, () => startRun({ ...options, job: "endless", subKey: "part" }));
run.progress({ current: 2, total: 3, message: "two of three" });
const isSent = await run.flush(10_000);
if (isSent && part.status === "running") process.stdout.write("started\n");
setInterval(() => undefined, 60_000);
