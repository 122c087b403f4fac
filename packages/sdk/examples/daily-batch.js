// A job with three subjobs and progress. `node packages/sdk/examples/daily-batch.js`
import { monitored } from "@belfry/sdk";
import { setTimeout as work } from "node:timers/promises";

await monitored({ job: "daily-batch" }, async (run) => {
  const parts = ["extract", "transform", "load"];
  for (const [done, part] of parts.entries()) {
    run.progress({ current: done, total: parts.length, message: part });
    await monitored({ job: part }, () => work(1_000));
  }
});
