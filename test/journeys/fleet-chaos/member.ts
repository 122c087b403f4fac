/** A process of a fleet that can be hurt: a real hub or worker with its own way to the database and its own name server. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabaseProxy, type DatabaseProxy } from "../../kit/database-proxy.ts";
import { startHub, type Hub } from "../../kit/hub.ts";

export interface MemberSettings {
  readonly kind: "hub" | "worker";
  /** What it is called in reports: `hub-1`. */
  readonly name: string;
  /** The database itself; the member reaches it through a proxy of its own. */
  readonly database: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Member extends AsyncDisposable {
  readonly kind: "hub" | "worker";
  readonly name: string;
  /** The process that runs now; throws when there is none. */
  readonly process: Hub;
  readonly way: Pick<DatabaseProxy, "cut" | "join">;
  /** Starts it. `keepTryingMs`: the database may be away for so long. */
  start(keepTryingMs?: number): Promise<void>;
  /** kill -9, without a chance to say goodbye. */
  kill(): Promise<void>;
  /** Ends it in order. */
  leave(): Promise<void>;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Slots that all of its processes skipped because they were late, as far as they could be asked. */
  skipped(): Promise<number>;
  /** Everything its processes printed. */
  output(): string;
}

/** Opens a member without starting it. */
export async function openMember(settings: MemberSettings): Promise<Member> {
  const { kind, name, database, env } = settings;
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), `belfry-${name}-`));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const way = opened.use(await openDatabaseProxy(database));
  let current: Hub | undefined;
  let printed = "";
  let skippedBefore = 0;
  opened.defer(() => current?.[Symbol.asyncDispose]());

  function running(): Hub {
    if (current === undefined) throw new Error(`${name} does not run`);
    return current;
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const ended = running();
    skippedBefore += await readSkipped(ended);
    await ended.end(signal);
    printed += ended.output();
    current = undefined;
  }

  const resources = opened.move();
  return {
    kind,
    name,
    get process() {
      return running();
    },
    way,
    async start(keepTryingMs = 0) {
      const options = { command: kind, dataDir, env: { ...env, BELFRY_DATABASE: way.url } };
      const deadline = Date.now() + keepTryingMs;
      while (current === undefined) {
        try {
          current = await startHub(options);
        } catch (error) {
          printed += `${String(error)}\n`;
          if (Date.now() > deadline) throw error;
        }
      }
    },
    kill: () => end("SIGKILL"),
    leave: () => end("SIGTERM"),
    signal: (signal) => void process.kill(running().pid, signal),
    skipped: async () => skippedBefore + (await readSkipped(running())),
    output: () => printed + (current?.output() ?? ""),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** What it skipped because it was late itself. Of a process that answers soon; else 0. */
async function readSkipped({ url }: Hub): Promise<number> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(3_000) });
    const metrics = await answer.text();
    const causes = ["overrun", "stall"].map((cause) =>
      sumOf(metrics, `belfry_checks_skipped_total{cause="${cause}"}`),
    );
    return causes.reduce((sum, one) => sum + one, 0);
  } catch {
    return 0;
  }
}

/** Adds up a metric: of one series, or over all labels where only its name is given. */
export function sumOf(metrics: string, series: string): number {
  let sum = 0;
  for (const line of metrics.split("\n")) {
    const isIt = line.startsWith(`${series} `) || line.startsWith(`${series}{`);
    if (isIt) sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}
