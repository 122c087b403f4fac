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

/** A size: `512 B`, `3.4 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 monitor`, `2 monitors`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
