/**
 * What every engine of the store promises; each engine's `store.test.ts` runs it on the real thing. Further suites of
 * the same kind are added to the list.
 */
import { describe } from "node:test";
import { accessContract } from "./contract/access.contract.ts";
import { alertSettingContract } from "./contract/alert-settings.contract.ts";
import { alertingContract } from "./contract/alerting.contract.ts";
import { checkContract } from "./contract/checks.contract.ts";
import { externalAlertContract } from "./contract/external-alerts.contract.ts";
import type { ContractStores } from "./contract/fixtures.ts";
import { fleetContract } from "./contract/fleet.contract.ts";
import { followingContract } from "./contract/following.contract.ts";
import { heartbeatContract } from "./contract/heartbeats.contract.ts";
import { historyContract } from "./contract/history.contract.ts";
import { hostContract } from "./contract/hosts.contract.ts";
import { jobContract } from "./contract/jobs.contract.ts";
import { locationContract } from "./contract/locations.contract.ts";
import { migrationContract } from "./contract/migrations.contract.ts";
import { monitorContract } from "./contract/monitors.contract.ts";
import { outboxContract } from "./contract/outbox.contract.ts";
import { ruleContract } from "./contract/rules.contract.ts";
import { sharedContract } from "./contract/shared.contract.ts";
import { signalContract, stepContract } from "./contract/signals.contract.ts";
import { sourceSeriesContract } from "./contract/source-series.contract.ts";

/** Runs the whole contract. */
export function storeContract(stores: ContractStores): void {
  describe(`the store on ${stores.engine}`, { concurrency: 2 }, () => {
    monitorContract(stores);
    checkContract(stores);
    fleetContract(stores);
    alertingContract(stores);
    signalContract(stores);
    stepContract(stores);
    outboxContract(stores);
    alertSettingContract(stores);
    accessContract(stores);
    historyContract(stores);
    hostContract(stores);
    heartbeatContract(stores);
    followingContract(stores);
    jobContract(stores);
    ruleContract(stores);
    externalAlertContract(stores);
    locationContract(stores);
    sharedContract(stores);
    sourceSeriesContract(stores);
    migrationContract(stores);
  });
}
