/** Numbers as people read them. All are in English, as the pages are; digits line up where tabular numerals are set. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count: `12,345`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** A duration of a check in ms: `0.8 ms`, `34 ms`, `1.24 s`, `12.5 s`. */
export function formatLatency(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return "–";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * A share of time, from 0 to 1: `100 %`, `99.98 %`, `98.2 %`. Never rounds up to 100: what was down shows.
 */
export function formatUptime(ratio: number | null): string {
  if (ratio === null) return "–";
  if (ratio >= 1) return "100 %";
  const percent = ratio * 100;
  const digits = percent >= 99 ? 2 : 1;
  const scale = 10 ** digits;
  return `${(Math.floor(percent * scale + 1e-9) / scale).toFixed(digits)} %`;
}

/** A size: `512 B`, `3.4 KiB`, `1.8 TiB`; in powers of 1024, as `df -h` and `free -h` count. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** Bytes per second: `0 B/s`, `12 kB/s`, `1.2 MB/s`; in powers of 1000, as networks and disks are sold. */
export function formatRate(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null || !Number.isFinite(bytesPerSecond)) return "–";
  return scaled(bytesPerSecond, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]);
}

/** A share of what there is, from 0 to 1: `0.4 %`, `7.3 %`, `42 %`. */
export function formatShare(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return "–";
  const percent = ratio * 100;
  return percent < 9.95 && percent !== 0 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

/** A load average, as `uptime` and `top` print it: `0.07`, `12.30`. */
export function formatLoad(load: number | null): string {
  return load === null || !Number.isFinite(load) ? "–" : load.toFixed(2);
}

/** A temperature: `54 °C`. */
export function formatCelsius(celsius: number | null): string {
  return celsius === null || !Number.isFinite(celsius) ? "–" : `${Math.round(celsius)} °C`;
}

/** A number of something per second: `0.4/s`, `1,240/s`. */
export function formatPerSecond(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return "–";
  return `${count === 0 || count >= 9.95 ? whole.format(count) : count.toFixed(1)}/s`;
}

/** `1 monitor`, `2 monitors`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function scaled(amount: number, base: number, units: readonly string[]): string {
  let value = Math.abs(amount);
  let unit = 0;
  // What would round to a whole step of the next unit is said in that one.
  while (value >= base - 0.5 && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? Math.round(value).toString() : value.toFixed(1);
  return `${amount < 0 ? "−" : ""}${digits} ${units[unit]}`;
}
