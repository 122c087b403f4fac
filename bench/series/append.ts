/** Durable appends through the store's threads, as the hub makes them. */
import type { Frame } from "../../packages/hub/src/model/series.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import { retention } from "./database.ts";
import type { Recording } from "./host.ts";

const hosts = 100;
const callsInFlight = 4;

/** Snapshots of a hundred hosts, one call per second of theirs; each call is answered when it is synced. */
export async function measureAppends(
  recording: Recording,
  file: string,
  short: boolean,
): Promise<{ readonly perSecond: number; readonly note: string }> {
  const log = { info: () => undefined, error: () => undefined };
  await using store = await createStore({ database: file, retention }, { log });
  const series = Array.from({ length: hosts }, () => [...recording.series]);
  const start = Date.now() - 60 * 60_000;
  const framesAt = (tick: number): readonly Frame[] =>
    series.map((list, host) => ({
      source: `host:${host}`,
      series: list,
      times: Float64Array.of(start + tick * 1000),
      values: Float64Array.from(
        recording.columns,
        (column) => column[(tick * 7 + host * 53) % column.length] ?? 0,
      ),
    }));
  await store.append(framesAt(0));
  const ticks = short ? 60 : 240;
  const prepared = Array.from({ length: ticks }, (_, tick) => framesAt(tick + 1));
  let next = 0;
  let samples = 0;
  const begin = performance.now();
  const work = async (): Promise<void> => {
    for (let frames = prepared[next++]; frames !== undefined; frames = prepared[next++]) {
      samples += (await store.append(frames)).accepted;
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, work));
  const seconds = (performance.now() - begin) / 1000;
  return {
    perSecond: samples / seconds,
    note: `${ticks} calls of ${hosts} hosts' snapshots, ${callsInFlight} at a time, through the store's threads, synced before each answer`,
  };
}
