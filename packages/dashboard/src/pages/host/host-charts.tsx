/** All charts of a host, with the span they share. */
import { useComputed } from "@preact/signals";
import type { FileSystemView } from "@belfry/contract";
import { PanelView, type Panel } from "../../chart/panel-view.tsx";
import { formatDuration } from "../../format/time.ts";
import { StatusStrip } from "../../parts/status-strip.tsx";
import { TimeRange, type Shown } from "../../parts/time-range.tsx";
import { hostRanges, type Span } from "../../route/route.ts";
import type { ChartsModel, HostCharts } from "./charts-model.ts";
import {
  busyPanel,
  fanPanel,
  faultsPanel,
  operationsPanel,
  temperaturePanel,
  throughputPanel,
  trafficPanel,
  usagePanel,
} from "./device-panels.ts";
import { FileSystems } from "./file-systems.tsx";
import { cpuPanel, loadPanel, memoryPanel, pressurePanel } from "./machine-panels.ts";

interface BarProps {
  readonly model: ChartsModel;
  readonly shown: Shown;
  readonly onShow: (shown: Shown) => void;
}

/** The span of all charts; it stays in sight. */
export function TimeBar({ model, shown, onShow }: BarProps) {
  const charts = model.charts.value;
  return (
    <div class="time-bar">
      <p>
        {charts === null
          ? model.failed.value && "The series cannot be read."
          : `Means of ${formatDuration(charts.step * 1000)}`}
        <span class="chart-note-drag"> · drag to zoom</span>
      </p>
      <TimeRange ranges={hostRanges} shown={shown} span={charts?.span ?? null} onShow={onShow} />
      {charts !== null && <StatusStrip intervals={charts.intervals} span={charts.span} />}
    </div>
  );
}

interface ChartsProps {
  readonly model: ChartsModel;
  readonly onZoom: (zoom: Span) => void;
}

/** CPU, memory, load and pressure. */
export function MachineCharts({ model, onZoom }: ChartsProps) {
  const panels = useComputed(() => {
    const series = model.charts.value?.machine;
    if (series === undefined) return [];
    return [cpuPanel(series), memoryPanel(series), loadPanel(series), pressurePanel(series)];
  });
  const charts = model.charts.value;
  if (charts === null) return <div class="panels panels-waiting" aria-busy="true" />;
  if (!panels.value.some((panel) => panel !== undefined)) {
    return <p class="panels-nothing">Nothing was heard in this span.</p>;
  }
  return (
    <section aria-labelledby="machine-title">
      <h2 id="machine-title" class="visually-hidden">
        Processor and memory
      </h2>
      <Panels panels={panels.value} charts={charts} model={model} onZoom={onZoom} />
    </section>
  );
}

/** File systems, disks, network and sensors, each where the host has it. */
export function DeviceCharts({
  model,
  fileSystems,
  onZoom,
}: ChartsProps & { fileSystems: readonly FileSystemView[] }) {
  const charts = model.charts.value;
  const devices = charts?.devices;
  const view = { model, onZoom, charts };
  const mounts = fileSystems.map((fs) => fs.mountpoint);
  const usage = devices === undefined ? undefined : usagePanel(devices, mounts);
  return (
    <>
      {(fileSystems.length > 0 || usage !== undefined) && (
        <section class="host-section" aria-labelledby="fs-title">
          <header>
            <h2 id="fs-title">File systems</h2>
          </header>
          {fileSystems.length > 0 && <FileSystems all={fileSystems} />}
          {usage !== undefined && charts != null && (
            <Panels panels={[usage]} charts={charts} model={model} onZoom={onZoom} />
          )}
        </section>
      )}
      {devices !== undefined && (
        <>
          <Group
            title="Disks"
            panels={[throughputPanel(devices), busyPanel(devices), operationsPanel(devices)]}
            {...view}
          />
          <Group title="Network" panels={[trafficPanel(devices), faultsPanel(devices)]} {...view} />
          <Group
            title="Sensors"
            panels={[temperaturePanel(devices), fanPanel(devices)]}
            {...view}
          />
        </>
      )}
    </>
  );
}

interface GroupProps extends ChartsProps {
  readonly title: string;
  readonly charts: HostCharts | null;
  readonly panels: readonly (Panel | undefined)[];
}

function Group({ title, panels, charts, model, onZoom }: GroupProps) {
  if (charts === null || panels.every((panel) => panel === undefined)) return null;
  const id = `${title.toLowerCase()}-title`;
  return (
    <section class="host-section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
      </header>
      <Panels panels={panels} charts={charts} model={model} onZoom={onZoom} />
    </section>
  );
}

interface PanelsProps extends ChartsProps {
  readonly panels: readonly (Panel | undefined)[];
  readonly charts: HostCharts;
}

/** Charts side by side; while somebody points at one, all of them hold still. */
function Panels({ panels, charts, model, onZoom }: PanelsProps) {
  const there = panels.filter((panel) => panel !== undefined);
  return (
    <div
      class="panels"
      onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
      onPointerLeave={() => model.hold(false)}
    >
      {there.map((panel) => (
        <PanelView
          key={panel.title}
          panel={panel}
          span={charts.span}
          height={168}
          cursorName="host"
          class="panel"
          onZoom={onZoom}
        />
      ))}
    </div>
  );
}
