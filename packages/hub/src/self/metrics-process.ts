/** `process_*` as every Prometheus client has them, and the delay of the event loop. */
import { readdir } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";

/** Adds the metrics; disposing stops the measuring of the loop. */
export function addProcessMetrics(registry: Registry): Disposable {
  const registers = [registry];
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time spent",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_heap_bytes",
    help: "JavaScript heap in use",
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start of the process, in Unix seconds",
    registers,
  }).set(Math.round(performance.timeOrigin) / 1000);
  addOpenFiles(registry);
  return addLoopDelay(registry);
}

/** Only where `/proc` is: elsewhere the metric is left out. */
function addOpenFiles(registry: Registry): void {
  if (process.platform !== "linux") return;
  new Gauge({
    name: "process_open_fds",
    help: "Open file descriptors",
    registers: [registry],
    async collect() {
      const files = await readdir("/proc/self/fd").catch(() => undefined);
      if (files !== undefined) this.set(files.length);
    },
  });
}

/** How often the loop is looked at; Node counts this time as delay as well. */
const resolutionMs = 20;

function addLoopDelay(registry: Registry): Disposable {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  new Gauge({
    name: "belfry_event_loop_delay_seconds",
    help: "How late the event loop was since the last scrape",
    labelNames: ["measure"],
    registers: [registry],
    collect() {
      const read = { mean: delay.mean, p99: delay.percentile(99), max: delay.max };
      for (const [measure, nanoseconds] of Object.entries(read)) {
        const seconds = nanoseconds / 1e9 - resolutionMs / 1000;
        this.set({ measure }, delay.count === 0 ? 0 : Math.max(0, seconds));
      }
      delay.reset();
    },
  });
  return { [Symbol.dispose]: () => void delay.disable() };
}
