/** What is shown while no run was ever heard of: how to send the first one. */
import { CopyText } from "../../parts/copy-text.tsx";

const code = `import { monitored } from "@belfry/sdk";

await monitored({ job: "daily-batch" }, async (run) => {
  for (let done = 1; done <= 10; done += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    run.progress({ current: done, total: 10 });
  }
});`;

/** Leads to the first run. */
export function NoJobs() {
  return (
    <section class="no-jobs">
      <h1>No jobs yet</h1>
      <p>
        A job is work that reports on itself: a nightly batch, an import, a backup. Wrap it in one
        call, and each of its runs appears here: how far it is, what it used, why it failed.
      </p>
      <CopyText text={code} what="the program" />
      <p>
        It sends to this machine by itself; <code>BELFRY_HUB_URL={location.origin}</code> sends it
        here from elsewhere. Anything that can send a request can be a job as well:
      </p>
      <CopyText text={command()} what="the command" />
      <p>
        When it is done, send the same with the kind <code>finished</code>, the status{" "}
        <code>succeeded</code> or <code>failed</code>, and another key. Where Belfry asks for a key
        of its own, <code>belfry key create jobs --scope ingest</code> makes one.
      </p>
    </section>
  );
}

function command(): string {
  return [
    `curl ${location.origin}/api/v1/events --json '{"idempotency_key": "1",`,
    `  "site_id": "default",`,
    `  "app": {"app_id": null, "name": "shell", "version": null},`,
    `  "entity": {"type": "job", "id": "run-1", "parent_id": null,`,
    `    "business_key": "first-job", "sub_key": null},`,
    `  "event": {"kind": "started", "at": "${new Date().toISOString()}",`,
    `    "status": "running", "metrics": {}, "metadata": {}}}'`,
  ].join("\n");
}
