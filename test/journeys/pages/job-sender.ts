/** Events of runs, as jobs send them. */
import type { EventsAnswer, RunView } from "@belfry/contract";
import type { Hub } from "../../kit/hub.ts";

export interface Sent {
  readonly kind: string;
  /** Epoch ms; now if left out. */
  readonly at?: number;
  readonly status?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface SentRun {
  /** Id of the run, as its client has it. */
  readonly run: string;
  readonly job: string;
  /** Run it is part of. */
  readonly parent?: string;
  readonly app?: string;
}

let sent = 0;

/** Sends events of one run, in their order. */
export async function send(hub: Hub, of: SentRun, ...events: readonly Sent[]): Promise<void> {
  const isPart = of.parent !== undefined;
  const body = events.map(({ kind, at, status, metrics, metadata }) => {
    sent += 1;
    return {
      idempotency_key: `${of.run}-${sent}`,
      site_id: "vienna",
      app: { app_id: null, name: of.app ?? "billing", version: "2.4" },
      entity: {
        type: isPart ? "subjob" : "job",
        id: of.run,
        parent_id: of.parent ?? null,
        business_key: of.job,
        sub_key: isPart ? of.job : null,
      },
      event: {
        kind,
        at: new Date(at ?? Date.now()).toISOString(),
        status: status ?? null,
        metrics: metrics ?? {},
        metadata: metadata ?? {},
      },
    };
  });
  const answer = await hub.ask<EventsAnswer>("POST", "/api/v1/events", body);
  if (answer.taken !== events.length) throw new Error(JSON.stringify(answer));
}

/** A run that is over: it began at `at` (epoch ms) and took `ms`. */
export async function sendWhole(
  hub: Hub,
  of: SentRun,
  { at, ms, ...end }: { readonly at: number; readonly ms: number } & Omit<Sent, "kind" | "at">,
): Promise<void> {
  await send(
    hub,
    of,
    { kind: "started", at, metadata: { process: { host: "db-1", pid: 4711 } } },
    {
      kind: "finished",
      status: "succeeded",
      ...end,
      at: at + ms,
      metrics: { duration_s: ms / 1000, ...end.metrics },
    },
  );
}

/** The run of a client's id, as the hub has it. */
export async function runOf(hub: Hub, run: string): Promise<RunView> {
  const { items } = await hub.ask<{ items: RunView[] }>("GET", `/api/v1/runs?run_id=${run}`);
  const [found] = items;
  if (found === undefined) throw new Error(`no run ${run}`);
  return found;
}
