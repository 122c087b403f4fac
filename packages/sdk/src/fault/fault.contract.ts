/**
 * What can go wrong around a job, each tried with a real process and a real server: the job's own value, error and exit
 * code must come out as if the SDK were not there, and the events as far as they can. The suite runs against any build
 * of the SDK on any Node.
 */
import { describe } from "node:test";
import { endFaults } from "./end.contract.ts";
import type { Target } from "./job.kit.ts";
import { serverFaults } from "./server.contract.ts";
import { spoolFaults } from "./spool.contract.ts";

/** All of it, as tests of `node:test`. */
export function faultSuite(title: string, target: Target): void {
  describe(title, { concurrency: 2 }, () => {
    serverFaults(target);
    endFaults(target);
    spoolFaults(target);
  });
}
