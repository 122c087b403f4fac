/** How much of the time the host was heard from. */
import type { UptimeView } from "@belfry/contract";
import { formatUptime } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import { uptimeDays } from "../../live/past.ts";

/** Draws the figures, in the order of `uptimeDays`. */
export function HostUptime({ uptimes }: { uptimes: readonly (UptimeView | null)[] }) {
  return (
    <section class="host-uptimes" aria-labelledby="uptime-title">
      <h2 id="uptime-title">Heard from</h2>
      <dl>
        {uptimeDays.map((days, i) => (
          <Fact key={days} days={days} uptime={uptimes[i] ?? null} />
        ))}
      </dl>
    </section>
  );
}

function Fact({ days, uptime }: { days: number; uptime: UptimeView | null }) {
  const silent = uptime?.down_seconds ?? 0;
  return (
    <div>
      <dt>{days === 1 ? "24 hours" : `${days} days`}</dt>
      <dd>{formatUptime(uptime?.ratio ?? null)}</dd>
      <dd class={silent > 0 ? "level-text level-bad" : "quiet"}>
        {uptime === null || uptime.ratio === null
          ? "no data"
          : silent === 0
            ? "never silent"
            : `${formatDuration(silent * 1000)} silent`}
      </dd>
    </div>
  );
}
