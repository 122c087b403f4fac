/** Hosts: read once at start, then kept in memory by the hub; each is made and deleted with the monitor of its id. */
import { sql, type Selectable } from "kysely";
import type { HostDetails } from "@belfry/contract";
import type { AuditEntry } from "../../model/access.ts";
import type { StatusChange } from "../../model/change.ts";
import { AppError } from "../../model/error.ts";
import type { Host, KeptDetails } from "../../model/host.ts";
import type { HostId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import type { HostTable } from "../tables.ts";
import {
  asWritten,
  fromJson,
  inChunks,
  plainText,
  rowsPerStatement,
  toInteger,
  toJson,
} from "../values.ts";
import { createMonitor } from "./monitors.ts";
import type { OperationContext } from "./operation.ts";

/** See `HostStore.loadHosts`. Of a host that is gone none is a clone. */
export async function loadHosts({ db }: OperationContext): Promise<readonly Host[]> {
  const rows = await db.selectFrom("host").selectAll().orderBy("id").execute();
  const names = await db
    .selectFrom("host_name")
    .select(["host_id", "name"])
    .orderBy("host_id")
    .orderBy("position")
    .execute();
  const namesOf = Map.groupBy(names, (row) => row.host_id);
  const known = new Set(rows.map((row) => row.id));
  return rows.map((row) =>
    hostOf(
      row,
      (namesOf.get(row.id) ?? []).map(({ name }) => name),
      row.cloned_from !== null && known.has(row.cloned_from) ? row.cloned_from : null,
    ),
  );
}

/** See `HostStore.createHost`. Rejects with `conflict` when the id, the identity or one of its names is taken. */
export async function createHost(
  context: OperationContext,
  host: Host,
  monitor: Monitor,
  status: StatusChange,
  audit: AuditEntry,
  namesFrom?: HostId | null,
): Promise<void> {
  if (host.id !== monitor.id) {
    throw new AppError("internal", `the host ${host.id} cannot be followed by ${monitor.id}`);
  }
  await createMonitor(context, monitor, status, audit);
  const inserted = await context.db
    .insertInto("host")
    .values(rowOf(host))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    throw new AppError("conflict", `there is a host with the identity ${host.identity} already`);
  }
  if (namesFrom !== undefined) await holdNames(context, host, namesFrom);
  await takeNames(context, [host]);
}

/**
 * Makes sure that nobody but `from` has a name of the host, until the transaction ends: who makes a host with one of them
 * at the same time waits here, and finds it taken.
 */
async function holdNames({ db }: OperationContext, host: Host, from: HostId | null): Promise<void> {
  for (const name of host.names.toSorted()) {
    await db
      .insertInto("host_name")
      .values({ name: plainText(name, "host name"), host_id: host.id, position: 0 })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .execute();
    const row = await db
      .selectFrom("host_name")
      .select("host_id")
      .where("name", "=", name)
      .executeTakeFirst();
    if (row?.host_id !== host.id && row?.host_id !== from) {
      throw new AppError("conflict", `another host has the name ${name} already`);
    }
  }
}

/** See `HostStore.saveHosts`. Rejects with `conflict` when an identity is another host's. */
export async function saveHosts(context: OperationContext, hosts: readonly Host[]): Promise<void> {
  const here = await existing(
    context,
    hosts.map((host) => host.id),
  );
  // The last word on each: one statement cannot write a row twice.
  const kept = [...new Map(hosts.map((host) => [host.id, host])).values()].filter(({ id }) =>
    here.has(id),
  );
  for (const some of inChunks(kept, rowsPerStatement)) {
    await context.db
      .insertInto("host")
      .values(some.map(rowOf))
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((row) => ({
          identity: row.ref("excluded.identity"),
          boot_id: row.ref("excluded.boot_id"),
          agent_version: row.ref("excluded.agent_version"),
          interval_ms: row.ref("excluded.interval_ms"),
          agent_labels: row.ref("excluded.agent_labels"),
          cloned_from: row.ref("excluded.cloned_from"),
          last_heard_at: row.ref("excluded.last_heard_at"),
        })),
      )
      .execute();
  }
  await takeNames(context, kept);
}

/** See `HostStore.touchHosts`. */
export async function touchHosts(
  { db }: OperationContext,
  heard: readonly { readonly id: HostId; readonly at: number }[],
): Promise<void> {
  for (const some of inChunks(heard, rowsPerStatement)) {
    const rows = some.map(({ id, at }) => sql`(${id}, cast(${at} as bigint))`);
    await sql`
      update host set last_heard_at = heard.column2
      from (values ${sql.join(rows)}) as heard
      where host.id = heard.column1
        and (host.last_heard_at is null or host.last_heard_at < heard.column2)`.execute(db);
  }
}

/** See `HostStore.saveHostDetails`. */
export async function saveHostDetails(
  context: OperationContext,
  items: readonly { readonly id: HostId; readonly kept: KeptDetails }[],
): Promise<void> {
  const here = await existing(
    context,
    items.map((item) => item.id),
  );
  const kept = [...new Map(items.map((item) => [item.id, item])).values()].filter(({ id }) =>
    here.has(id),
  );
  for (const some of inChunks(kept, rowsPerStatement)) {
    await context.db
      .insertInto("host_details")
      .values(
        some.map(({ id, kept: { details, receivedAt } }) => ({
          host_id: id,
          received_at: receivedAt,
          details: toJson(details),
        })),
      )
      .onConflict((conflict) =>
        conflict.column("host_id").doUpdateSet((row) => ({
          received_at: row.ref("excluded.received_at"),
          details: row.ref("excluded.details"),
        })),
      )
      .execute();
  }
}

/** See `HostStore.hostDetails`. */
export async function hostDetails(
  { db }: OperationContext,
  id: HostId,
): Promise<KeptDetails | undefined> {
  const row = await db
    .selectFrom("host_details")
    .select(["details", "received_at"])
    .where("host_id", "=", id)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { details: fromJson<HostDetails>(row.details), receivedAt: row.received_at };
}

/** See `HostStore.hostDetailTimes`. */
export async function hostDetailTimes({
  db,
}: OperationContext): Promise<ReadonlyMap<HostId, number>> {
  const rows = await db.selectFrom("host_details").select(["host_id", "received_at"]).execute();
  return new Map(rows.map((row) => [asWritten<HostId>(row.host_id), row.received_at]));
}

/** Those of the hosts that there are; their monitors, and so they, stay until the transaction ends. */
async function existing(
  { db, monitors }: OperationContext,
  ids: readonly HostId[],
): Promise<ReadonlySet<string>> {
  const held = await monitors.hold(new Set(ids), "keep");
  const found = new Set<string>();
  for (const some of inChunks([...held], rowsPerStatement)) {
    const rows = await db.selectFrom("host").select("id").where("id", "in", some).execute();
    for (const row of rows) found.add(row.id);
  }
  return found;
}

/** Gives the hosts exactly their names; a name that two of them have is the later one's. */
async function takeNames({ db }: OperationContext, hosts: readonly Host[]): Promise<void> {
  const rows = new Map<string, { name: string; host_id: string; position: number }>();
  for (const { id, names } of hosts) {
    for (const [position, name] of names.entries()) {
      rows.delete(name);
      rows.set(name, { name: plainText(name, "host name"), host_id: id, position });
    }
  }
  const ids = hosts.map((host) => host.id);
  for (const some of inChunks(ids, rowsPerStatement)) {
    await db.deleteFrom("host_name").where("host_id", "in", some).execute();
  }
  for (const some of inChunks([...rows.values()], rowsPerStatement)) {
    await db
      .insertInto("host_name")
      .values([...some])
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet((row) => ({
          host_id: row.ref("excluded.host_id"),
          position: row.ref("excluded.position"),
        })),
      )
      .execute();
  }
}

function rowOf(host: Host): HostTable {
  return {
    id: host.id,
    identity: plainText(host.identity, "identity"),
    boot_id: host.bootId === null ? null : plainText(host.bootId, "boot id"),
    agent_version:
      host.agentVersion === null ? null : plainText(host.agentVersion, "agent version"),
    interval_ms: host.intervalMs,
    agent_labels: toJson(host.agentLabels),
    name_is_chosen: toInteger(host.nameIsChosen),
    silent_after_ms: host.silentAfterMs,
    retention_ms: host.retentionMs,
    cloned_from: host.clonedFrom,
    last_heard_at: host.lastHeardAt,
    created_at: host.createdAt,
  };
}

function hostOf(
  row: Selectable<HostTable>,
  names: readonly string[],
  clonedFrom: string | null,
): Host {
  return {
    id: asWritten<HostId>(row.id),
    identity: row.identity,
    names,
    bootId: row.boot_id,
    agentVersion: row.agent_version,
    intervalMs: row.interval_ms,
    agentLabels: fromJson<Host["agentLabels"]>(row.agent_labels),
    nameIsChosen: row.name_is_chosen === 1,
    silentAfterMs: row.silent_after_ms,
    retentionMs: row.retention_ms,
    clonedFrom: clonedFrom === null ? null : asWritten<HostId>(clonedFrom),
    lastHeardAt: row.last_heard_at,
    createdAt: row.created_at,
  };
}
