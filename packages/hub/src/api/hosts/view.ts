/** Hosts as they are read. */
import type { HostFiguresView, HostView } from "@belfry/contract";
import type { BoardEntry } from "../../model/board.ts";
import { AppError } from "../../model/error.ts";
import type { HostEntry, HostFigures } from "../../model/host-entry.ts";
import { parseId, type HostId } from "../../model/id.ts";
import { timeText, timeTextOrNull } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";

/** A host with the monitor that follows it. */
export interface FollowedHost {
  readonly entry: HostEntry;
  readonly followed: BoardEntry;
}

/** The host of a path's id; throws `not_found`. */
export function findHost(parts: Pick<ApiParts, "board" | "hosts">, id: string): FollowedHost {
  const hostId = parseId<"monitor">(id);
  const found = hostId === undefined ? undefined : hostOf(parts, hostId);
  if (found === undefined) throw new AppError("not_found", "There is no host with this id");
  return found;
}

/** A host with its monitor; undefined where there is none. */
export function hostOf(
  parts: Pick<ApiParts, "board" | "hosts">,
  id: HostId,
): FollowedHost | undefined {
  const entry = parts.hosts.get(id);
  const followed = parts.board.get(id);
  return entry === undefined || followed === undefined ? undefined : { entry, followed };
}

/** A row of the list. */
export function hostView({ entry, followed }: FollowedHost): HostView {
  const { host } = entry;
  return {
    id: host.id,
    name: followed.monitor.name,
    status: followed.status,
    status_since: timeText(followed.since),
    labels: { ...followed.monitor.labels },
    names: [...host.names],
    agent_version: host.agentVersion,
    interval: host.intervalMs === null ? null : host.intervalMs / 1000,
    last_heard_at: timeTextOrNull(entry.lastHeardAt),
    last_sample_at: timeTextOrNull(entry.lastSampleAt),
    clock_offset: entry.clockOffsetMs === null ? null : entry.clockOffsetMs / 1000,
    series: entry.seriesCount,
    notices: entry.notices.map((notice) => ({ ...notice })),
    figures: figuresView(entry.figures),
  };
}

/** The latest boot time a `Date` can hold, in seconds. */
const latestSeconds = 8.64e12;

function figuresView(figures: HostFigures): HostFiguresView {
  const { bootTime } = figures;
  const isTime = bootTime !== null && Math.abs(bootTime) <= latestSeconds;
  return {
    cpu_ratio: figures.cpuRatio,
    memory_ratio: figures.memoryRatio,
    swap_ratio: figures.swapRatio,
    disk_ratio: figures.diskRatio,
    fullest_disk_ratio: figures.fullestDiskRatio,
    load1: figures.load1,
    load5: figures.load5,
    load15: figures.load15,
    cores: figures.cores,
    disk_read_bytes_per_second: figures.diskRead,
    disk_written_bytes_per_second: figures.diskWrite,
    network_receive_bytes_per_second: figures.networkReceive,
    network_transmit_bytes_per_second: figures.networkTransmit,
    temperature_celsius: figures.temperature,
    boot_time: isTime ? timeText(Math.round(bootTime * 1000)) : null,
  };
}
