/** What the machine does now, in one band: the figures somebody would type `top`, `free` and `df` for. */
import type { ComponentChildren } from "preact";
import type { HostDetailView } from "@belfry/contract";
import {
  formatBytes,
  formatCelsius,
  formatLoad,
  formatRate,
  formatShare,
} from "../../format/number.ts";
import { Ago } from "../../parts/ago.tsx";
import { levelOf, type Level } from "../../parts/level.ts";
import { Bar } from "../../parts/meter.tsx";
import { fullInWords, isOld, levelOfFileSystem } from "./host-words.ts";

/** Draws the band; what the host does not have is left out. */
export function Figures({ host }: { host: HostDetailView }) {
  const old = isOld(host);
  return (
    <>
      {old && host.last_sample_at !== null && (
        <p class="figures-note">
          The last figures it sent, <Ago at={host.last_sample_at} />:
        </p>
      )}
      <Band host={host} level={(level) => (old ? "fine" : level)} />
    </>
  );
}

function Band({ host, level: shown }: LevelledProps) {
  const { figures } = host;
  const old = isOld(host);
  const perCore =
    figures.load1 !== null && figures.cores !== null ? figures.load1 / figures.cores : null;
  return (
    <dl class={old ? "figures figures-old" : "figures"} aria-label={old ? "Last figures" : "Now"}>
      <Figure
        title="CPU"
        share={figures.cpu_ratio}
        level={shown(levelOf("cpu", figures.cpu_ratio))}
        more={figures.cores === null ? "" : cores(figures.cores)}
      >
        {formatShare(figures.cpu_ratio)}
      </Figure>
      {figures.load1 !== null && (
        <Figure
          title="Load"
          share={perCore}
          level={shown(levelOf("load", perCore))}
          more={`${formatLoad(figures.load5)}  ${formatLoad(figures.load15)} in 5, 15 min`}
        >
          {formatLoad(figures.load1)}
        </Figure>
      )}
      <MemoryFigure host={host} level={shown} />
      {figures.swap_ratio !== null && (
        <Figure
          title="Swap"
          share={figures.swap_ratio}
          level={shown(levelOf("swap", figures.swap_ratio))}
          more="in use"
        >
          {formatShare(figures.swap_ratio)}
        </Figure>
      )}
      <DiskFigure host={host} level={shown} />
      {figures.network_receive_bytes_per_second !== null && (
        <Figure
          title="Network in"
          more={`${formatRate(figures.network_transmit_bytes_per_second)} out`}
        >
          {formatRate(figures.network_receive_bytes_per_second)}
        </Figure>
      )}
      {figures.temperature_celsius !== null && (
        <Figure
          title="Temperature"
          level={shown(levelOf("temperature", figures.temperature_celsius))}
          more="hottest sensor"
        >
          {formatCelsius(figures.temperature_celsius)}
        </Figure>
      )}
    </dl>
  );
}

interface LevelledProps {
  readonly host: HostDetailView;
  readonly level: (level: Level) => Level;
}

function MemoryFigure({ host, level }: LevelledProps) {
  const ratio = host.figures.memory_ratio;
  const total = host.details?.limits?.memory_bytes ?? host.details?.hardware?.memory_bytes ?? null;
  return (
    <Figure
      title="Memory"
      share={ratio}
      level={level(levelOf("memory", ratio))}
      more={
        total === null || ratio === null
          ? "in use"
          : `${formatBytes(total * ratio)} of ${formatBytes(total)}`
      }
    >
      {formatShare(ratio)}
    </Figure>
  );
}

function DiskFigure({ host, level }: LevelledProps) {
  const ratio = host.figures.fullest_disk_ratio ?? host.figures.disk_ratio;
  if (ratio === null) return null;
  const writable = host.file_systems.filter((fs) => !fs.read_only);
  const fullest = writable.toSorted((a, b) => b.used_ratio - a.used_ratio)[0];
  const soon = fullest === undefined ? "" : fullInWords(fullest.full_in);
  return (
    <Figure
      title="Fullest disk"
      share={ratio}
      level={level(fullest === undefined ? levelOf("disk", ratio) : levelOfFileSystem(fullest))}
      more={
        fullest === undefined
          ? "in use"
          : `${fullest.mountpoint} · ${soon === "" ? `${formatBytes(fullest.available_bytes)} left` : soon}`
      }
    >
      {formatShare(ratio)}
    </Figure>
  );
}

interface FigureProps {
  readonly title: string;
  /** Drawn as a bar. */
  readonly share?: number | null;
  readonly level?: Level;
  readonly more: string;
  readonly children: ComponentChildren;
}

function Figure({ title, share, level = "fine", more, children }: FigureProps) {
  return (
    <div>
      <dt>{title}</dt>
      <dd class={`figure-value level-text level-${level}`}>{children}</dd>
      <dd class="figure-more">
        {share !== undefined && <Bar share={share} level={level} />}
        <span title={more}>{more}</span>
      </dd>
    </div>
  );
}

function cores(count: number): string {
  return `of ${count} core${count === 1 ? "" : "s"}`;
}
