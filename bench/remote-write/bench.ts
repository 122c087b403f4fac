/**
 * What remote_write costs a hub: requests of 500 samples of a node_exporter's series, as Prometheus sends them, read alone
 * and read and stored; and for how long the pieces of a request of 100,000 new series hold up everybody else.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  compressed,
  plainSeries,
  requestOf,
} from "../../packages/hub/src/ingest/remote-write.kit.ts";
import { RemoteWriteReader } from "../../packages/hub/src/ingest/remote-write.ts";
import type { Frame } from "../../packages/hub/src/model/series.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import type { BenchReport } from "../report.ts";

const targets = 20;
const seriesOfTarget = 500;
const start = Date.now() - 3_600_000;

/** One scrape of one target. */
function scrapeOf(target: number, round: number): Buffer {
  const labels = { instance: `host-${target}.example.org:9100`, job: "node", region: "eu-west-1" };
  return compressed(
    requestOf(
      Array.from({ length: seriesOfTarget }, (_, i) => {
        const own = { cpu: String(i >> 3), env: "production", mode: `mode-${i & 7}` };
        const value = Math.round(1000 * (i + round * Math.random())) / 1000;
        return plainSeries(
          "node_cpu_seconds_total",
          { ...own, ...labels },
          value,
          start + round * 5000,
        );
      }),
    ),
  );
}

type Take = (frames: readonly Frame[]) => Promise<unknown>;

/** Reads requests as the route does. Answers with the samples and how long each piece took, in ms. */
async function readAll(
  reader: RemoteWriteReader,
  bodies: readonly Buffer[],
  take: Take,
): Promise<{ readonly samples: number; readonly pieces: readonly number[] }> {
  let samples = 0;
  const pieces: number[] = [];
  for (const body of bodies) {
    const reading = reader.read(body);
    for (;;) {
      const from = threadMs();
      const step = reading.next();
      pieces.push(threadMs() - from);
      if (step.done === true) {
        samples += step.value.samples;
        break;
      }
      if (step.value.length === 0) await nextTurn();
      else await take(step.value);
    }
  }
  return { samples, pieces };
}

/** CPU of this thread in ms: what other programs take of the machine is not counted. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function perSecond(work: () => Promise<{ readonly samples: number }>): Promise<number> {
  const before = process.cpuUsage();
  const { samples } = await work();
  const { user, system } = process.cpuUsage(before);
  return samples / ((user + system) / 1e6);
}

function manySeries(): Buffer {
  const series = Array.from({ length: 100_000 }, (_, i) =>
    plainSeries("many", { job: "big", number: String(i) }, i, start),
  );
  return compressed(requestOf(series));
}

/** The slowest of a hundred pieces, without what this bench leaves behind for the collector of garbage. */
async function slowestPieceMs(): Promise<number> {
  const body = manySeries();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  const { pieces } = await readAll(new RemoteWriteReader(), [body], async () => undefined);
  return pieces.toSorted((a, b) => b - a)[Math.floor(pieces.length / 100)] ?? 0;
}

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const slowest = await slowestPieceMs();
  const rounds = short ? 10 : 50;
  const ofRound = (round: number): Buffer[] =>
    Array.from({ length: targets }, (_, target) => scrapeOf(target, round));
  const bodies = Array.from({ length: rounds }, (_, round) => ofRound(round)).flat();
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const nowhere: Take = async () => undefined;
  const reader = new RemoteWriteReader();
  await readAll(reader, ofRound(0), nowhere);
  const read = await perSecond(() => readAll(reader, bodies, nowhere));
  const stored = await storedPerSecond(bodies);
  return {
    name: "remote_write",
    rows: [
      {
        what: "samples read, per second of CPU",
        value: read,
        unit: "/s",
        budget: 300_000,
        atMost: false,
      },
      {
        what: "samples read and stored, per second of CPU of all threads",
        value: stored,
        unit: "/s",
        budget: null,
        atMost: false,
      },
      {
        what: "CPU of a piece of a request of 100,000 new series, p99",
        value: slowest,
        unit: "ms",
        budget: 20,
        atMost: true,
      },
      {
        what: "bytes of a sample as it is sent",
        value: bytes / (bodies.length * seriesOfTarget),
        unit: "B",
        budget: null,
        atMost: true,
      },
    ],
    notes: [
      `${bodies.length} requests of ${seriesOfTarget} samples with 7 labels; series are known after the first round`,
      "the packer of this bench finds less than Prometheus's does",
    ],
  };
}

/** Into SQLite, durable, one request after another. */
async function storedPerSecond(bodies: readonly Buffer[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-bench-remote-write-"));
  const ages = 1e12;
  const retention = { rawMs: ages, fiveMinutesMs: ages, hourMs: ages, maxBytes: null };
  const fail = (_fields: object, message: string): never => {
    throw new Error(message);
  };
  try {
    const log = { error: fail, warn: fail, info: () => undefined };
    await using store = await createStore(
      { database: join(folder, "belfry.db"), retention },
      { log },
    );
    const reader = new RemoteWriteReader();
    const take: Take = (frames) => store.append(frames);
    await readAll(reader, bodies.slice(0, targets), take);
    return await perSecond(() => readAll(reader, bodies.slice(targets), take));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
