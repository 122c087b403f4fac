/**
 * `npm run bench [-- --short] [--only NAME] [--json FILE]`: runs every bench folder, one process each so that none
 * warms or loads another, and prints what was measured beside its limit or peer. Ends non-zero when a bench cannot run;
 * a missed budget is shown, not failed: these figures depend on the machine.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { printReport, type BenchReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
  },
});

const here = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "results")
  .map((entry) => entry.name)
  .filter((name) => values.only === undefined || name === values.only)
  .toSorted();

const reports: BenchReport[] = [];
const failed: string[] = [];
for (const name of names) {
  const script = `
    const { run } = await import(${JSON.stringify(`${here}${name}/bench.ts`)});
    process.stdout.write("\\n" + JSON.stringify(await run({ short: ${values.short} })) + "\\n");
    process.exit(0);`;
  const child = spawnSync(process.execPath, ["-e", script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: values.short ? 120_000 : 900_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const last = child.stdout.trimEnd().split("\n").at(-1);
  if (child.status === 0 && last !== undefined) {
    const report = JSON.parse(last) as BenchReport;
    reports.push(report);
    printReport(report, (line) => console.log(line));
  } else {
    failed.push(name);
    console.log(`${name}: failed (${child.error?.message ?? `exit ${child.status}`})`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(reports, null, 2));
if (failed.length > 0 || names.length === 0) {
  console.log(`could not run: ${failed.join(", ") || "no bench found"}`);
  process.exitCode = 1;
}
