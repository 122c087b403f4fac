/** How the sidecar is: `GET /health` and `/v1/health` from what is known, `/v1/healthz` by asking the sinks, too. */
import type { Delivery, DeliveryStats } from "../delivery/delivery.ts";
import type { EventSinkHealth } from "../event-sink.ts";
import type { SpoolStats } from "../spool/spool.ts";
import { spoolCount } from "./metrics.ts";

export interface HealthParts {
  readonly version: string;
  readonly spoolFolder: string;
  readonly spool: () => SpoolStats;
  /** As they are now: a reload changes them. */
  readonly deliveries: () => readonly Delivery[];
  readonly monotonicMs: () => number;
}

const askAgainMs = 10_000;
const askLimitMs = 2_000;

export interface Health {
  /** Cheap: nobody is asked. */
  known(): object;
  /** Asks every sink, at most every ten seconds and for two seconds at most. */
  asked(): Promise<object>;
}

/** Makes the health of a sidecar. */
export function createHealth(parts: HealthParts): Health {
  const ask = createAsking(parts);
  return {
    known: () => view(parts, new Map()),
    asked: async () => view(parts, await ask()),
  };
}

type Asked = ReadonlyMap<string, EventSinkHealth>;

function createAsking({ deliveries, monotonicMs }: HealthParts): () => Promise<Asked> {
  let last: { readonly at: number; readonly asked: Promise<Asked> } | undefined;
  return () => {
    if (last === undefined || monotonicMs() - last.at > askAgainMs) {
      const asked = Promise.all(
        deliveries().map(async (one) => [one.name, await healthOf(one)] as const),
      ).then((all) => new Map(all));
      last = { at: monotonicMs(), asked };
    }
    return last.asked;
  };
}

async function healthOf(delivery: Delivery): Promise<EventSinkHealth> {
  const signal = AbortSignal.timeout(askLimitMs);
  const { promise: late, resolve } = Promise.withResolvers<EventSinkHealth>();
  const unhealthy = (error: string): EventSinkHealth => ({
    status: "unhealthy",
    details: { error },
  });
  signal.addEventListener("abort", () => resolve(unhealthy(`no answer within ${askLimitMs} ms`)));
  try {
    return await Promise.race([delivery.health(signal), late]);
  } catch (error) {
    return unhealthy(error instanceof Error ? error.message : String(error));
  }
}

function view({ version, spoolFolder, spool, deliveries }: HealthParts, asked: Asked): object {
  const stats = spool();
  const sinks = deliveries().map((one) => one.stats());
  const isReady = stats.failure === null;
  const isWell =
    isReady &&
    sinks.every(({ name, trouble }) => {
      const status = asked.get(name)?.status;
      return trouble === null && (status === undefined || status === "healthy");
    });
  return {
    status: isWell ? "ok" : "degraded",
    service: "sidecar-agent",
    version,
    live: true,
    ready: isReady,
    spool_count: spoolCount(sinks),
    spool_dir: spoolFolder,
    spool: {
      bytes: stats.bytes,
      quota_bytes: stats.quotaBytes,
      events: stats.records,
      failure: stats.failure,
    },
    integrations: Object.fromEntries(
      sinks.map((sink) => [sink.name, sinkView(sink, asked.get(sink.name), stats)]),
    ),
  };
}

function sinkView(
  sink: DeliveryStats,
  asked: EventSinkHealth | undefined,
  stats: SpoolStats,
): object {
  const { trouble } = sink;
  return {
    status: trouble === null ? (asked?.status ?? "healthy") : "unhealthy",
    integration: sink.name,
    type: sink.type,
    delivered: sink.delivered,
    waiting: sink.depth,
    oldest_unsent_seconds: sink.oldestSeconds,
    dropped: sink.dropped,
    dead_letters: stats.dead[sink.name]?.letters ?? 0,
    failed: sink.failed,
    ...(trouble === null
      ? {}
      : {
          failure: trouble.failure,
          error: trouble.why,
          since: new Date(trouble.since).toISOString(),
        }),
    ...(asked === undefined ? {} : { details: asked.details }),
  };
}
