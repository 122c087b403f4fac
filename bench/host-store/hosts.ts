/**
 * Many hosts that append to the real store, its threads and its disk, while the windows of all of them are sealed at once,
 * which is worse than ever happens: sealing is spread over half an hour.
 */
import type { Frame } from "../../packages/hub/src/model/series.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import { retention } from "../series/database.ts";
import { windowMs, type Recording } from "../series/host.ts";

const seriesPerHost = 300;
const everyMs = 5_000;

export interface HostTimes {
  /** Of appends while windows are sealed, ms from call to answer. */
  readonly p99Ms: number;
  readonly mostMs: number;
  /** Of the threads, from open and empty to all of it; ms from the first append after a start until all have appended. */
  readonly residentBytes: number;
  readonly restartMs: number;
  readonly sealedPerSecond: number;
}

/** Fills a window of two hours of `hosts` hosts at 5 s, then appends as they would until all windows are sealed. */
export async function measureHosts(
  recording: Recording,
  database: string,
  hosts: number,
): Promise<HostTimes> {
  const windowStart = Math.floor(Date.now() / windowMs - 1) * windowMs;
  const frames = createFrames(recording, hosts);
  const open = () =>
    createStore({ database, retention }, { log: { info: () => undefined, error: console.error } });
  {
    await using store = await open();
    const part = windowMs / everyMs / 4;
    for (let host = 0; host < hosts; host += 1) {
      for (let at = 0; at < 4; at += 1) {
        const from = windowStart + at * part * everyMs;
        await store.append([
          frames(
            host,
            Float64Array.from({ length: part }, (_, i) => from + i * everyMs),
          ),
        ]);
      }
    }
  }
  const residentBefore = process.memoryUsage.rss();
  await using store = await open();
  const begin = performance.now();
  const now = Float64Array.of(Date.now());
  await Promise.all(Array.from({ length: hosts }, (_, host) => store.append([frames(host, now)])));
  const restartMs = performance.now() - begin;

  const waited: number[] = [];
  const append = async (host: number): Promise<void> => {
    const called = performance.now();
    await store.append([frames(host, Float64Array.of(Date.now()))]);
    waited.push(performance.now() - called);
  };
  const sealing = performance.now();
  const appends: Promise<void>[] = [];
  const pace = setInterval(() => {
    const due = ((performance.now() - sealing) / everyMs) * hosts;
    while (appends.length < due) appends.push(append(appends.length % hosts));
  }, 5);
  const { elapsedMs } = await store.maintain(Date.now() + windowMs + 60 * 60_000);
  clearInterval(pace);
  await Promise.all(appends);
  const sorted = waited.toSorted((a, b) => a - b);
  return {
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    mostMs: sorted.at(-1) ?? Number.NaN,
    residentBytes: process.memoryUsage.rss() - residentBefore,
    restartMs,
    sealedPerSecond: (hosts * seriesPerHost * (windowMs / everyMs)) / (elapsedMs / 1000),
  };
}

/** Frames of hosts: the recording, which each begins elsewhere in. */
function createFrames(
  { series, columns, times: recorded }: Recording,
  hosts: number,
): (host: number, times: Float64Array) => Frame {
  const list = series.slice(0, seriesPerHost);
  const labels = Array.from({ length: hosts }, (_, host) => ({ host: `${host}` }));
  return (host, times) => {
    const values = new Float64Array(list.length * times.length);
    for (let s = 0; s < list.length; s += 1) {
      for (const [i, time] of times.entries()) {
        const place = (time / 1000 + host * 7) % recorded.length;
        values[s * times.length + i] = columns[s]?.[Math.floor(place)] ?? 0;
      }
    }
    return {
      source: `host:${host}`,
      sourceLabels: labels[host] ?? {},
      series: list,
      times,
      values,
    };
  };
}
