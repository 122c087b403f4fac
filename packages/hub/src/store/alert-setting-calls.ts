/** The store's side of what people set about alerts. */
import type { AuditEntry } from "../model/access.ts";
import type { AlertPolicy, AlertSettingKind, AlertSettings } from "../model/alert-policy.ts";
import type { Arguments, OperationName, Result } from "./operations/table.ts";

/** Channels, routes, silences, maintenance windows and rules, each by its kind. Times are epoch ms. */
export interface AlertSettingStore {
  /** All of a kind, the oldest first. */
  alertSettings<K extends AlertSettingKind>(kind: K): Promise<readonly AlertSettings[K][]>;
  alertSetting<K extends AlertSettingKind>(
    kind: K,
    id: string,
  ): Promise<AlertSettings[K] | undefined>;
  /** Rejects with `conflict` when the id is taken. */
  createAlertSetting<K extends AlertSettingKind>(
    kind: K,
    setting: AlertSettings[K],
    audit: AuditEntry,
  ): Promise<void>;
  /** Replaces the one with its id, if that has the version before. */
  updateAlertSetting<K extends AlertSettingKind>(
    kind: K,
    setting: AlertSettings[K],
    audit: AuditEntry,
  ): Promise<"updated" | "version_mismatch" | "missing">;
  deleteAlertSetting(
    kind: AlertSettingKind,
    id: string,
    version: number,
    audit: AuditEntry,
  ): Promise<"deleted" | "version_mismatch" | "missing">;
  /** Grows with every change of any of them, by whichever hub; cheap enough to be asked every second. */
  alertSettingChanges(): Promise<number>;
  /** Everything deciding about notices looks at, of one instant, without silences that are over; `changes` as above. */
  alertPolicy(now: number): Promise<AlertPolicy & { readonly changes: number }>;
}

/** How a thread is asked by the name of an operation. */
export type CallByName = <N extends OperationName>(
  name: N,
) => (...args: Arguments<N>) => Promise<Result<N>>;

/** Makes the calls; those that read go to another thread than those that write. */
export function alertSettingCalls(reads: CallByName, writes: CallByName): AlertSettingStore {
  return {
    alertSettings: (kind) => ofKind(kind, reads("alertSettings")(kind)),
    alertSetting: (kind, id) => ofKind(kind, reads("alertSetting")(kind, id)),
    createAlertSetting: writes("createAlertSetting"),
    updateAlertSetting: writes("updateAlertSetting"),
    deleteAlertSetting: writes("deleteAlertSetting"),
    alertSettingChanges: reads("alertSettingChanges"),
    alertPolicy: reads("alertPolicy"),
  };
}

type OfKind<T, K extends AlertSettingKind> = T extends undefined
  ? undefined
  : T extends readonly unknown[]
    ? readonly AlertSettings[K][]
    : AlertSettings[K];

/** Guarantee: the operation was asked for this kind, and rows hold what their kind says. */
function ofKind<T, K extends AlertSettingKind>(
  _kind: K,
  answer: Promise<T>,
): Promise<OfKind<T, K>> {
  return answer as Promise<OfKind<T, K>>;
}
