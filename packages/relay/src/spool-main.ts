/** `belfry spool` as a process. */
import { readFileSync } from "node:fs";
import { runSpoolProcess } from "./command/spool-process.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

process.exitCode = await runSpoolProcess(process.argv.slice(2), version);
