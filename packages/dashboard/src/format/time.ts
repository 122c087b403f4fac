/** Times and durations as people read them, in the time zone of the browser. Instants are epoch ms. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const steps = [
  [day, "d"],
  [hour, "h"],
  [minute, "min"],
  [second, "s"],
] as const;

/** A duration with at most two units: `42 s`, `3 min 5 s`, `4 h`, `12 d 3 h`. */
export function formatDuration(ms: number): string {
  if (ms < second) return ms >= 1 ? `${Math.round(ms)} ms` : "0 s";
  const rounded = Math.round(ms / second) * second;
  const first = steps.findIndex(([size]) => rounded >= size);
  const [size, unit] = steps[first] ?? [second, "s"];
  const count = Math.floor(rounded / size);
  const next = steps[first + 1];
  const rest = next === undefined ? 0 : Math.floor((rounded - count * size) / next[0]);
  return rest === 0 || next === undefined
    ? `${count} ${unit}`
    : `${count} ${unit} ${rest} ${next[1]}`;
}

const words = [
  [365 * day, "year"],
  [day, "day"],
  [hour, "hour"],
  [minute, "minute"],
] as const;

/** A long duration in one word, as `uptime` says it: `12 days`, `1 hour`, `3 minutes`. */
export function formatLong(ms: number): string {
  const [size, word] = words.find(([step]) => ms >= step) ?? [minute, "minute"];
  const count = Math.max(1, Math.floor(ms / size));
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** How long ago: `now`, `12 s ago`, `3 min ago`, `5 h ago`, `12 d ago`; `in 5 s` for what is to come. */
export function formatAgo(at: number, now: number): string {
  const past = now - at;
  const size = Math.abs(past);
  if (size < 1500) return "now";
  const [unitMs, unit] = steps.find(([step]) => size >= step) ?? [second, "s"];
  const count = Math.floor(size / unitMs);
  return past > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** When the text of `formatAgo` changes next, in ms from now. */
export function agoChangesInMs(at: number, now: number): number {
  const size = Math.abs(now - at);
  if (size < minute) return second;
  if (size < hour) return minute / 4;
  return 10 * minute;
}

const fullForm = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
});
const clockForm = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const shortForm = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const dayForm = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** Date and time to the second. */
export function formatInstant(at: number): string {
  return fullForm.format(at);
}

/** Time of day to the second. */
export function formatClock(at: number): string {
  return clockForm.format(at);
}

/** As short as it stays clear: time of day for today, with the day before it for other days. */
export function formatMoment(at: number, now: number): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clockForm.format(at) : `${dayForm.format(at)}, ${shortForm.format(at)}`;
}
