/**
 * The first monitor is Belfry's own `/health`: a new installation shows something true at once. It is known by a label,
 * and follows the address when Belfry listens elsewhere after a restart. Who deletes it is not given another one.
 *
 * In a fleet any process may check it, also one on another machine, where a loopback address is another program's: then
 * it follows the address for people, and is paused while there is none or that is loopback, too.
 */
import type { BoardEntry } from "./model/board.ts";
import type { CheckKind } from "./model/check-kind.ts";
import type { Clock } from "./model/clock.ts";
import { createId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";

export interface OwnMonitorParts {
  readonly clock: Clock;
  readonly board: { entries(): Iterable<BoardEntry> };
  readonly kinds: ReadonlyMap<string, CheckKind>;
  readonly desk: {
    create(monitor: Monitor, actor: string): Promise<unknown>;
    update(monitor: Monitor, resetState: boolean, actor: string): Promise<unknown>;
  };
}

const label = "belfry";
const labelValue = "self";
const actor = "belfry";
/** An address that means another machine for each process. */
const loopback = /^https?:\/\/(localhost|127\.[\d.]+|\[::1\])(:\d+)?\//;

/** The address that every process of a fleet reaches; null: there is none. `publicUrl` has no slash at the end. */
export function reachedByAll(publicUrl: string | null): string | null {
  return publicUrl === null || loopback.test(`${publicUrl}/`) ? null : publicUrl;
}

/**
 * Creates the own monitor on the first start (`isNew`), or corrects its address. `url` is where whoever checks reaches
 * Belfry; null: there is no such address.
 */
export async function keepOwnMonitor(
  url: string | null,
  isNew: boolean,
  parts: OwnMonitorParts,
): Promise<void> {
  if (url === null) return pause(parts);
  const parsed = parts.kinds.get("http")?.parseSettings({ url: `${url}/health` });
  if (parsed?.kind !== "ok") throw new TypeError("the settings of the own monitor are not valid");
  const settings = parsed.value;
  const now = parts.clock.now();
  const monitor = findOwn(parts);
  if (monitor !== undefined) {
    if (monitor.settings["url"] === settings["url"]) return;
    const moved = { ...monitor, settings: { ...monitor.settings, url: settings["url"] ?? "" } };
    await parts.desk.update(nextOf(moved, now), false, actor);
    return;
  }
  if (!isNew) return;
  await parts.desk.create(
    {
      id: createId(now),
      name: "Belfry itself",
      kind: "http",
      settings,
      labels: { [label]: labelValue },
      dependsOn: [],
      enabled: true,
      intervalMs: 30_000,
      timeoutMs: 5_000,
      judging: {
        downAfter: 2,
        upAfter: 1,
        retryIntervalMs: null,
        degradedAfterMs: null,
        degradedCertificateDays: null,
      },
      version: 1,
      createdAt: now,
      updatedAt: now,
    },
    actor,
  );
}

function findOwn({ board }: OwnMonitorParts): Monitor | undefined {
  for (const { monitor } of board.entries()) {
    if (monitor.labels[label] === labelValue && monitor.kind === "http") return monitor;
  }
  return undefined;
}

function nextOf(monitor: Monitor, now: number): Monitor {
  return { ...monitor, version: monitor.version + 1, updatedAt: now };
}

/** An own monitor that names a loopback address is paused; one that people gave another address is theirs. */
async function pause(parts: OwnMonitorParts): Promise<void> {
  const monitor = findOwn(parts);
  const address = monitor?.settings["url"];
  if (monitor?.enabled !== true || typeof address !== "string" || !loopback.test(address)) return;
  await parts.desk.update(nextOf({ ...monitor, enabled: false }, parts.clock.now()), false, actor);
}
