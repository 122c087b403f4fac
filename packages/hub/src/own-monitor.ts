/**
 * The first monitor is Belfry's own `/health`: a new installation shows something true at once. It is known by a label,
 * and follows the address when Belfry listens elsewhere after a restart. Who deletes it is not given another one.
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

/** Creates the own monitor on the first start (`isNew`), or corrects its address. `url` is where Belfry listens. */
export async function keepOwnMonitor(
  url: string,
  isNew: boolean,
  parts: OwnMonitorParts,
): Promise<void> {
  const parsed = parts.kinds.get("http")?.parseSettings({ url: `${url}/health` });
  if (parsed?.kind !== "ok") throw new TypeError("the settings of the own monitor are not valid");
  const settings = parsed.value;
  const now = parts.clock.now();
  for (const { monitor } of parts.board.entries()) {
    if (monitor.labels[label] !== labelValue || monitor.kind !== "http") continue;
    if (monitor.settings["url"] === settings["url"]) return;
    const moved = { ...monitor, settings: { ...monitor.settings, url: settings["url"] ?? "" } };
    await parts.desk.update(
      { ...moved, version: monitor.version + 1, updatedAt: now },
      false,
      actor,
    );
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
