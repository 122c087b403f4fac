/**
 * Channels that follow the environment: made, changed and removed at the start, so that they are as it says. A channel keeps
 * its id for as long as the variable it follows is there, and takes it up again; several hubs that start at once make one.
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

/** Who changed them, as the audit says. */
const actor = "environment";

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
    const id = idOf(one.managedBy);
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

/** Always the same for a variable. */
function idOf(managedBy: string): ChannelId {
  const hex = createHash("sha256").update(`managed channel ${managedBy}`).digest("hex");
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const id = parseId<"channel">(text);
  if (id === undefined) throw new Error("a digest gave no id");
  return id;
}

function channelOf(
  { name, kind, settings, managedBy }: ManagedChannel,
  kept: Pick<ChannelSettings, "id" | "version" | "createdAt" | "updatedAt">,
): ChannelSettings {
  return {
    ...kept,
    name,
    kind,
    enabled: true,
    isDefault: true,
    isFallback: false,
    settings,
    managedBy,
  };
}

function isSame(former: ChannelSettings, { name, kind, settings }: ManagedChannel): boolean {
  const as = (one: object): string => JSON.stringify(one);
  return (
    former.enabled &&
    former.name === name &&
    former.kind === kind &&
    as(former.settings) === as(settings)
  );
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
  return { at, actor, action, resource: "channel", resourceId: id, detail };
}
