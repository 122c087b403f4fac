/**
 * The hub's outputs: what it learns goes into a spool of its own, and from there to each output at that output's pace. A
 * record is handed over with `push`, which never waits and never fails: records are gathered in a bounded queue and written
 * to the spool a group at a time. While the disk does not take them the oldest of the queue are dropped and counted. What
 * is in the spool survives the process; the last moment of the queue does not.
 */
import { startDelivery, type Delivery, type DeliveryStats } from "../delivery/delivery.ts";
import type { SinkRecord, SinkRecordKind } from "../sink-record.ts";
import { writeSinkRecord } from "../sink-record.ts";
import type { DeadLetter } from "../spool/dead.ts";
import type { SpoolParts } from "../spool/settings.ts";
import { openSpool, type Spool, type SpoolStats } from "../spool/spool.ts";
import { createThreadDisk } from "../spool/thread-disk.ts";
import type { OutputSettings } from "./output-settings.ts";
import { RecordQueue } from "./record-queue.ts";

export interface OutputsParts extends Pick<SpoolParts, "log" | "clock" | "sleep"> {
  readonly stdout: NodeJS.WritableStream;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface OutputsSettings {
  readonly outputs: readonly OutputSettings[];
  /** Where records are kept until every output has them. */
  readonly spoolFolder: string;
  /** Most bytes of them; then the oldest are given up, counted. */
  readonly quotaBytes: number;
}

/** How an output is doing. */
export interface OutputStatus extends DeliveryStats {
  readonly title: string;
  readonly deadLetters: number;
  /** Epoch ms at which the oldest of them was refused; null for none. */
  readonly oldestDeadLetterAt: number | null;
}

/** How all outputs together are doing. Counters only grow. */
export interface OutputsStatus {
  readonly outputs: readonly OutputStatus[];
  /** null without outputs: then there is no spool. */
  readonly spool: SpoolStats | null;
  /** Records that wait to be written to the spool, and for how long the oldest does, s. */
  readonly queue: { readonly depth: number; readonly ageSeconds: number; readonly dropped: number };
  /** Records that were pushed. */
  readonly pushed: number;
}

export interface Outputs extends AsyncDisposable {
  /** Whether any output is given such records. */
  wants(kind: SinkRecordKind): boolean;
  /** Hands over a record; it is made only when an output is given its kind. */
  push(kind: SinkRecordKind, make: () => SinkRecord): void;
  status(): OutputsStatus;
  /** Dead letters after a sequence, the oldest first; undefined when there is no such output. */
  deadLetters(
    name: string,
    page: { readonly after?: number; readonly limit: number },
  ): Promise<readonly DeadLetter[] | undefined>;
  /** Sends dead letters again, to this output alone; how many. undefined when there is no such output. */
  replay(name: string, which: "all" | readonly number[]): Promise<number | undefined>;
  /** Deletes dead letters; how many. undefined when there is no such output. */
  deleteDead(name: string, which: "all" | readonly number[]): Promise<number | undefined>;
}

const drainMs = 2_000;

/** Opens the spool and starts a delivery for each output. Throws `SpoolError` when the spool cannot be opened. */
export async function openOutputs(
  settings: OutputsSettings,
  parts: OutputsParts,
): Promise<Outputs> {
  if (settings.outputs.length === 0) return noOutputs();
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(createThreadDisk());
  const { spoolFolder: folder, quotaBytes } = settings;
  const spool = stack.use(
    await openSpool({ folder, quotaBytes, whenFull: "drop_oldest" }, { ...parts, disk }),
  );
  await forgetOthers(spool, settings, parts.log);
  const deliveries: Delivery[] = [];
  stack.defer(async () => {
    await Promise.all(deliveries.map((one) => one[Symbol.asyncDispose]()));
  });
  for (const output of settings.outputs) deliveries.push(await deliver(output, spool, parts));
  const queue = new RecordQueue({ ...parts, append: (records) => spool.append(records) });
  stack.defer(async () => {
    await queue[Symbol.asyncDispose]();
    const limit = AbortSignal.timeout(drainMs);
    await Promise.all(deliveries.map((one) => one.drained(limit)));
  });
  return outputsOf(settings, { spool, deliveries, queue, stack: stack.move() });
}

interface Opened {
  readonly spool: Spool;
  readonly deliveries: readonly Delivery[];
  readonly queue: RecordQueue;
  readonly stack: AsyncDisposableStack;
}

function outputsOf(
  { outputs }: OutputsSettings,
  { spool, deliveries, queue, stack }: Opened,
): Outputs {
  const wanted = new Set(outputs.flatMap(({ records }) => records));
  const titles = new Map(outputs.map(({ name, kind }) => [name, kind.title]));
  let pushed = 0;
  return {
    wants: (kind) => wanted.has(kind),
    push(kind, make) {
      if (kind === "check") pushed += 1;
      if (wanted.has(kind)) {
        const record = make();
        queue.add({ id: record.id, bytes: writeSinkRecord(record) });
      }
    },
    status() {
      const stats = spool.stats();
      return {
        outputs: deliveries.map((one) => {
          const dead = stats.dead[one.name];
          return {
            ...one.stats(),
            title: titles.get(one.name) ?? one.name,
            deadLetters: dead?.letters ?? 0,
            oldestDeadLetterAt: dead?.oldestAt ?? null,
          };
        }),
        spool: stats,
        queue: queue.stats(),
        pushed,
      };
    },
    async deadLetters(name, page) {
      return titles.has(name) ? (await spool.dead(name)).list(page) : undefined;
    },
    async replay(name, which) {
      if (!titles.has(name)) return undefined;
      const { replayed, refused } = await spool.replay(name, which);
      if (refused !== undefined && replayed === 0) throw new Error(refused.message);
      return replayed;
    },
    async deleteDead(name, which) {
      if (!titles.has(name)) return undefined;
      const dead = await spool.dead(name);
      return dead.delete(which === "all" ? await sequencesOf(dead) : which);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function sequencesOf(dead: Awaited<ReturnType<Spool["dead"]>>): Promise<readonly number[]> {
  const sequences: number[] = [];
  for (;;) {
    const page = await dead.list({ after: sequences.at(-1) ?? 0, limit: 1000 });
    if (page.length === 0) return sequences;
    for (const { sequence } of page) sequences.push(sequence);
  }
}

async function deliver(
  { name, kind, settings, records }: OutputSettings,
  spool: Spool,
  parts: OutputsParts,
): Promise<Delivery> {
  const { clock, log, sleep, random, stdout } = parts;
  const { type, batch } = kind;
  return startDelivery({
    name,
    kind: { type, batch, takes: records },
    cursor: await spool.cursor(name, { from: "end" }),
    dead: await spool.dead(name),
    sink: kind.create(settings, { clock, log, stdout }),
    log,
    clock,
    sleep,
    random,
  });
}

/** The place of an output that was taken out of the settings is given up: nobody would ever take what waits for it. */
async function forgetOthers(
  spool: Spool,
  { outputs }: OutputsSettings,
  log: OutputsParts["log"],
): Promise<void> {
  const names = new Set(outputs.map(({ name }) => name));
  const { cursors } = spool.stats();
  for (const [output, { depth: records }] of Object.entries(cursors)) {
    if (names.has(output)) continue;
    await spool.forgetCursor(output);
    if (records > 0)
      log.warn({ output, records }, "what waited for an output that is gone was given up");
  }
}

function noOutputs(): Outputs {
  let pushed = 0;
  const none = () => Promise.resolve(undefined);
  return {
    wants: () => false,
    push(kind) {
      if (kind === "check") pushed += 1;
    },
    status: () => ({
      outputs: [],
      spool: null,
      queue: { depth: 0, ageSeconds: 0, dropped: 0 },
      pushed,
    }),
    deadLetters: none,
    replay: none,
    deleteDead: none,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
