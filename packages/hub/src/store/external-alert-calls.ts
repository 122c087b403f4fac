/** The store's side of alerts of other systems. */
import type { ExternalAlert } from "../model/external-alert.ts";
import type { CallByName } from "./alert-setting-calls.ts";

/** Alerts of other systems that fire. */
export interface ExternalAlertStore {
  /**
   * Takes in alerts, in this order, together with the signals of those that begin or are over; one whose end is not after
   * `now` is over. Answers how many signals there are. Rejects with `unavailable` when too many fire.
   */
  takeExternalAlerts(
    alerts: readonly ExternalAlert[],
    now: number,
  ): Promise<{ readonly signals: number }>;
  /** Those of them that end by `now` are over, as signals say. */
  endExternalAlerts(
    fingerprints: readonly string[],
    now: number,
  ): Promise<{ readonly signals: number }>;
  /** Those that fire, the ones that end first first; with `endsBy`, only those that end by then. */
  externalAlerts(query: {
    readonly endsBy?: number;
    readonly limit: number;
  }): Promise<readonly ExternalAlert[]>;
}

/** Makes the calls; those that read go to another thread than those that write. */
export function externalAlertCalls(reads: CallByName, writes: CallByName): ExternalAlertStore {
  return {
    takeExternalAlerts: writes("takeExternalAlerts"),
    endExternalAlerts: writes("endExternalAlerts"),
    externalAlerts: reads("externalAlerts"),
  };
}
