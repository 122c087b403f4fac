/**
 * Channels, routes, rules and maintenance windows that follow the environment or the file: made, changed and removed at
 * the start, so that they are as it says. Each keeps its id for as long as what it follows (a
 * variable, in the file its name; a built-in rule has its own) is there, and takes it up again; several hubs that start
 * at once make one. What people made stands beside them and is left alone; only what they changed of a built-in rule
 * gives way where the file names it.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { byFile } from "./config/alert-file.ts";
import type { ManagedChannel, ManagedRoute, NamedChannel, Settings } from "./config/settings.ts";
import type { AuditEntry } from "./model/access.ts";
import type { AlertRoute, AlertSettings, ChannelSettings } from "./model/alert-policy.ts";
import type { Clock } from "./model/clock.ts";
import { AppError } from "./model/error.ts";
import { parseId, type Id } from "./model/id.ts";
import type { ChannelId } from "./model/notice.ts";
import type { Store } from "./store/port.ts";

export interface ManagedParts {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<
    Store,
    "alertSettings" | "createAlertSetting" | "updateAlertSetting" | "deleteAlertSetting"
  >;
}

/** What is to be. */
export type Managed = Pick<Settings, "channels" | "alertRoutes" | "alertRules" | "maintenance">;

/**
 * Makes everything as it is to be. Throws `invalid`, before anything is changed, where a route names a channel that is not
 * there, with every such place. A channel that is not wanted any more but used by a route is switched off instead.
 */
export async function keepManagedSettings(managed: Managed, parts: ManagedParts): Promise<void> {
  const { store } = parts;
  const channels = await store.alertSettings("channel");
  const routes = managedRoutes(managed, channels);
  const isManaged = ({ managedBy }: { readonly managedBy?: string }): boolean =>
    managedBy !== undefined;
  await write("channel", managed.channels.map(managedChannel), channels, parts);
  const rules = await store.alertSettings("alert_rule");
  const wantedRules = managed.alertRules.map(managedRule);
  await write("alert_rule", wantedRules, rules, parts);
  await remove("alert_rule", wantedRules, rules.filter(isManaged), parts);
  const windows = await store.alertSettings("maintenance");
  const wantedWindows = managed.maintenance.map(managedWindow);
  await write("maintenance", wantedWindows, windows, parts);
  await remove("maintenance", wantedWindows, windows.filter(isManaged), parts);
  const formerRoutes = await store.alertSettings("alert_route");
  await write("alert_route", routes, formerRoutes, parts);
  await remove("alert_route", routes, formerRoutes.filter(isManaged), parts);
  // Last, so that no route names a channel that is gone.
  await removeChannels(managed.channels.map(channelId), channels.filter(isManaged), parts);
}

type ManagedKind = "channel" | "alert_route" | "alert_rule" | "maintenance";

/** One that is to be: its id, and all of it that is not kept beside it. */
interface Wanted<K extends ManagedKind> {
  readonly id: AlertSettings[K]["id"];
  readonly body: Omit<AlertSettings[K], "id" | "version" | "createdAt" | "updatedAt">;
}

/** Makes those that are not there, and changes those that are otherwise. */
async function write<K extends ManagedKind>(
  kind: K,
  wanted: readonly Wanted<K>[],
  present: readonly AlertSettings[K][],
  { clock, store }: ManagedParts,
): Promise<void> {
  const formers = new Map<string, AlertSettings[K]>(present.map((one) => [one.id, one]));
  const now = clock.now();
  for (const one of wanted) {
    const former = formers.get(one.id);
    const setting = settingOf(one, former, now);
    const audit = auditOf(kind, former === undefined ? "create" : "update", setting, now);
    if (former === undefined) {
      await unlessTaken(store.createAlertSetting(kind, setting, audit));
    } else if (!isDeepStrictEqual(bodyOf(setting), bodyOf(former))) {
      await store.updateAlertSetting(kind, setting, audit);
    }
  }
}

/** Removes what is not wanted any more. */
async function remove<K extends ManagedKind>(
  kind: K,
  wanted: readonly Wanted<K>[],
  managed: readonly AlertSettings[K][],
  { clock, store }: ManagedParts,
): Promise<void> {
  const ids = new Set<string>(wanted.map(({ id }) => id));
  for (const one of managed.filter(({ id }) => !ids.has(id))) {
    const audit = auditOf(kind, "delete", one, clock.now());
    await store.deleteAlertSetting(kind, one.id, one.version, audit);
  }
}

async function removeChannels(
  wanted: readonly ChannelId[],
  managed: readonly ChannelSettings[],
  parts: ManagedParts,
): Promise<void> {
  const routes = await parts.store.alertSettings("alert_route");
  const gone = managed.filter(({ id }) => !wanted.includes(id));
  const used = gone.filter(({ id }) => isUsed(id, routes));
  const off = used.map(({ id, version: _v, createdAt: _c, updatedAt: _u, ...body }) => ({
    id,
    body: { ...body, enabled: false },
  }));
  await write("channel", off, used, parts);
  const unused = gone.filter((one) => !used.includes(one));
  await remove("channel", [], unused, parts);
}

function isUsed(id: ChannelId, routes: readonly AlertRoute[]): boolean {
  return routes.some(
    ({ route }) =>
      route.channels.includes(id) || route.escalation.some(({ channels }) => channels.includes(id)),
  );
}

function managedChannel(channel: ManagedChannel): Wanted<"channel"> {
  return { id: channelId(channel), body: channel };
}

function channelId({ managedBy, name }: ManagedChannel): ChannelId {
  return idOf<"channel">(`managed channel ${managedBy} ${name}`);
}

/** The routes with the ids of their channels, in the order of the list. */
function managedRoutes(
  managed: Managed,
  present: readonly ChannelSettings[],
): readonly Wanted<"alert_route">[] {
  const byPeople = present.filter(({ managedBy }) => managedBy === undefined);
  const problems: string[] = [];
  const idNamed = ({ name, place }: NamedChannel, by: string | undefined): readonly ChannelId[] => {
    // What follows the same is meant first, then other channels that follow something, then those of people.
    const followed = managed.channels.filter((one) => one.name === name);
    const meant = followed.find(({ managedBy }) => managedBy === (by ?? byFile)) ?? followed[0];
    if (meant !== undefined) return [channelId(meant)];
    const [found, ...others] = byPeople.filter((one) => one.name === name);
    if (found !== undefined && others.length === 0) return [found.id];
    const what = found === undefined ? "there is no channel" : "there are several channels";
    problems.push(`${place}: ${what} named ${JSON.stringify(name)}`);
    return [];
  };
  const wanted = managed.alertRoutes.map((route, position) =>
    managedRoute(route, position, (names) => names.flatMap((one) => idNamed(one, route.managedBy))),
  );
  if (problems.length > 0) throw new AppError("invalid", problems.join("\n"));
  return wanted;
}

function managedRoute(
  { route, channels, escalation, managedBy = byFile }: ManagedRoute,
  position: number,
  idsOf: (names: readonly NamedChannel[]) => ChannelId[],
): Wanted<"alert_route"> {
  return {
    id: idOf<"alert_route">(`managed route ${managedBy} ${route.name}`),
    body: {
      route: {
        ...route,
        position,
        channels: idsOf(channels),
        escalation: escalation.map((step) => ({
          after_seconds: step.after_seconds,
          channels: idsOf(step.channels),
        })),
      },
      managedBy,
    },
  };
}

function managedRule({
  builtIn,
  rule,
  managedBy = byFile,
}: Managed["alertRules"][number]): Wanted<"alert_rule"> {
  const id = builtIn ?? idOf<"alert_rule">(`managed rule ${managedBy} ${rule.name}`);
  return { id, body: { rule, managedBy } };
}

function managedWindow(window: Managed["maintenance"][number]): Wanted<"maintenance"> {
  const id = idOf<"maintenance">(`managed window ${window.name}`);
  return { id, body: { ...window, monitors: [], managedBy: byFile } };
}

/** Always the same for a text. */
function idOf<K extends string>(text: string): Id<K> {
  const hex = createHash("sha256").update(text).digest("hex");
  const id = parseId<K>(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
  );
  if (id === undefined) throw new Error("a digest gave no id");
  return id;
}

/** Guarantee: an id, a body and what is kept beside them are together all there is of a setting. */
function settingOf<K extends ManagedKind>(
  { id, body }: Wanted<K>,
  former: AlertSettings[K] | undefined,
  now: number,
): AlertSettings[K] {
  const version = (former?.version ?? 0) + 1;
  return {
    ...body,
    id,
    version,
    createdAt: former?.createdAt ?? now,
    updatedAt: now,
  } as AlertSettings[K];
}

function bodyOf({
  version: _version,
  createdAt: _created,
  updatedAt: _updated,
  ...body
}: AlertSettings[ManagedKind]): object {
  return body;
}

/** Another hub that starts at the same time made it. */
async function unlessTaken(made: Promise<void>): Promise<void> {
  await made.catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
  });
}

function auditOf(
  resource: ManagedKind,
  action: "create" | "update" | "delete",
  setting: AlertSettings[ManagedKind],
  at: number,
): AuditEntry {
  const { id, managedBy } = setting;
  const detail = { ...detailOf(setting), managed_by: managedBy };
  // Who changed it, as the audit says.
  const actor = managedBy === byFile ? managedBy : "environment";
  return { at, actor, action, resource, resourceId: id, detail };
}

/** Without secrets. */
function detailOf(setting: AlertSettings[ManagedKind]): object {
  if ("kind" in setting) {
    const { name, kind, enabled } = setting;
    return { name, kind, enabled };
  }
  if ("route" in setting) return { name: setting.route.name, channels: setting.route.channels };
  if ("schedule" in setting) return { name: setting.name, schedule: setting.schedule };
  const { name, enabled, severity } = setting.rule;
  return { name, enabled, severity };
}
