/**
 * Channels that follow the environment or the file: made, changed and removed at the start, so that they are as it says. A channel keeps
 * its id for as long as the variable it follows (in the file its name) is there, and takes it up again; several hubs that start at once make one.
 */
import { createHash } from "node:crypto";
import type { ManagedChannel } from "./config/settings.ts";
import type { AuditEntry } from "./model/access.ts";
import type { AlertRoute, ChannelSettings } from "./model/alert-policy.ts";
import type { Clock } from "./model/clock.ts";
import { AppError } from "./model/error.ts";
import { parseId } from "./model/id.ts";
import type { ChannelId } from "./model/notice.ts";
import type { Store } from "./store/port.ts";

export interface ManagedChannelParts {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<
    Store,
    "alertSettings" | "createAlertSetting" | "updateAlertSetting" | "deleteAlertSetting"
  >;
}

/** Makes the channels as they are to be. One that is not wanted any more but used by a route is switched off instead. */
export async function keepManagedChannels(
  wanted: readonly ManagedChannel[],
  { clock, store }: ManagedChannelParts,
): Promise<void> {
  const [channels, routes] = await Promise.all([
    store.alertSettings("channel"),
    store.alertSettings("alert_route"),
  ]);
  const present = new Map(channels.map((one) => [String(one.id), one]));
  const kept = new Set<string>();
  const now = clock.now();
  for (const one of wanted) {
    const id = idOf(one);
    kept.add(id);
    const former = present.get(id);
    if (former === undefined) {
      const made = channelOf(one, { id, version: 1, createdAt: now, updatedAt: now });
      await unlessTaken(store.createAlertSetting("channel", made, auditOf("create", made, now)));
    } else if (!isSame(former, one)) {
      const { createdAt, version } = former;
      const next = channelOf(one, { id, createdAt, version: version + 1, updatedAt: now });
      await store.updateAlertSetting("channel", next, auditOf("update", next, now));
    }
  }
  for (const channel of channels) {
    if (channel.managedBy === undefined || kept.has(channel.id)) continue;
    if (!isUsed(channel.id, routes)) {
      const audit = auditOf("delete", channel, now);
      await store.deleteAlertSetting("channel", channel.id, channel.version, audit);
    } else if (channel.enabled) {
      const off = { ...channel, enabled: false, version: channel.version + 1, updatedAt: now };
      await store.updateAlertSetting("channel", off, auditOf("update", off, now));
    }
  }
}

/** Always the same for a variable, and for a name in the file. */
function idOf({ managedBy, name }: ManagedChannel): ChannelId {
  const hex = createHash("sha256").update(`managed channel ${managedBy} ${name}`).digest("hex");
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const id = parseId<"channel">(text);
  if (id === undefined) throw new Error("a digest gave no id");
  return id;
}

function channelOf(
  managed: ManagedChannel,
  kept: Pick<ChannelSettings, "id" | "version" | "createdAt" | "updatedAt">,
): ChannelSettings {
  return { ...kept, ...managed };
}

function isSame(former: ChannelSettings, managed: ManagedChannel): boolean {
  const as = ({ name, kind, enabled, isDefault, isFallback, settings }: ManagedChannel): string =>
    JSON.stringify([name, kind, enabled, isDefault, isFallback, settings]);
  return as({ ...former, managedBy: managed.managedBy }) === as(managed);
}

function isUsed(id: ChannelId, routes: readonly AlertRoute[]): boolean {
  return routes.some(
    ({ route }) =>
      route.channels.includes(id) || route.escalation.some(({ channels }) => channels.includes(id)),
  );
}

/** Another hub that starts at the same time made it. */
async function unlessTaken(made: Promise<void>): Promise<void> {
  await made.catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
  });
}

function auditOf(action: string, channel: ChannelSettings, at: number): AuditEntry {
  const { id, name, kind, enabled, managedBy } = channel;
  const detail = { name, kind, enabled, managed_by: managedBy };
  // Who changed it, as the audit says.
  const actor = managedBy === "belfry.yaml" ? managedBy : "environment";
  return { at, actor, action, resource: "channel", resourceId: id, detail };
}
