/** The figures of a monitor in one band: its last check, and how much of the time it was up. */
import type { MonitorView, UptimeView } from "@belfry/contract";
import { formatLatency, formatUptime } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { isPassive } from "../../parts/passive.ts";
import { uptimeDays } from "../../live/past.ts";

interface FactsProps {
  readonly monitor: MonitorView;
  readonly uptimes: readonly (UptimeView | null)[];
}

/** Draws the band. */
export function Facts({ monitor, uptimes }: FactsProps) {
  const check = monitor.last_check;
  const passive = isPassive(monitor.kind);
  const wellWords = passive ? "well" : formatLatency(check?.latency_ms ?? null);
  return (
    <dl class="facts">
      <div>
        <dt>{passive ? "Last heard" : "Last check"}</dt>
        <dd>{check === null ? "–" : check.result === "up" ? wellWords : "failed"}</dd>
        <dd class="facts-more">
          {check === null ? (
            "not yet"
          ) : (
            <>
              <Ago at={check.checked_at} />
              {check.status_code !== null && ` · ${check.status_code}`}
              {check.result !== "up" && !passive && ` · ${formatLatency(check.latency_ms)}`}
            </>
          )}
        </dd>
      </div>
      {!passive && (
        <div>
          <dt>Checked every</dt>
          <dd>{formatDuration(monitor.interval * 1000)}</dd>
          <dd class="facts-more">within {formatDuration(monitor.timeout * 1000)}</dd>
        </div>
      )}
      {uptimeDays.map((days, i) => (
        <UptimeFact key={days} days={days} uptime={uptimes[i] ?? null} />
      ))}
    </dl>
  );
}

function UptimeFact({ days, uptime }: { days: number; uptime: UptimeView | null }) {
  const downSeconds = uptime?.down_seconds ?? 0;
  return (
    <div class={downSeconds > 0 ? "facts-marred" : ""}>
      <dt>{days === 1 ? "24 hours" : `${days} days`}</dt>
      <dd>{formatUptime(uptime?.ratio ?? null)}</dd>
      <dd class="facts-more">
        {uptime === null || uptime.ratio === null
          ? "no data"
          : downSeconds === 0
            ? "no downtime"
            : `${formatDuration(downSeconds * 1000)} down`}
      </dd>
    </div>
  );
}
