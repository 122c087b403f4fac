/**
 * Containers of Docker or Podman, asked over the engine's socket; series are named as cadvisor names them where it has
 * them. Where there is no socket there are no containers. An engine that is there and cannot be asked leaves its error on
 * the fact sheet: `permission_denied`, `timeout` or `not_running`.
 *
 * A round has a time limit for all of it, so that an engine that hangs makes this section absent and nothing else late.
 * One container that cannot be asked (it may be gone by then) is without figures, the others are not.
 */
import { statSync } from "node:fs";
import { homedir } from "node:os";
import type { HostDetails } from "@belfry/contract";
import type { Section } from "../sample/series-table.ts";
import type { CollectorSettings, CollectorSpec } from "./collector.ts";
import { parseInspection, parseList, parseStats } from "./container/answer.ts";
import type { ContainerStats, InspectedContainer, ListedContainer } from "./container/answer.ts";
import { Engine, EngineFault } from "./container/engine.ts";
import { containerMetrics, putContainer } from "./container/series.ts";
import { present } from "./host-text.ts";

export interface ContainerLimits {
  /** Ms for one request, and for a whole round. */
  readonly requestMs: number;
  readonly roundMs: number;
}

type Containers = NonNullable<HostDetails["containers"]>;

const mostListed = 500;
/** Containers whose figures are read each round; further ones are listed only. */
const mostMeasured = 200;
const concurrency = 4;
/** What a container is made of hardly changes: it is asked for again after so long, or when the container restarted. */
const inspectAgainMs = 300_000;

/** `limits` differ from the usual only in tests. */
export function createContainerSpec(limits: ContainerLimits): CollectorSpec {
  return {
    name: "container",
    pace: 15,
    metrics: Object.values(containerMetrics),
    create(settings, { section, facts, monotonicMs, now }) {
      const watch = new ContainerWatch(settings, limits, monotonicMs);
      return {
        async collect() {
          try {
            facts.set("containers", await watch.round(section, now()));
          } catch (error) {
            if (!(error instanceof EngineFault)) throw error;
            const { trouble, message } = error;
            facts.set("containers", troubled(watch.engineName, trouble));
            if (trouble === "unknown")
              throw new Error(`container engine: ${message}`, { cause: error });
          }
        },
        [Symbol.dispose]: () => watch[Symbol.dispose](),
      };
    },
  };
}

export const container: CollectorSpec = createContainerSpec({ requestMs: 3_000, roundMs: 8_000 });

function troubled(engine: string, error: string): Containers {
  return { engine, total: 0, running: 0, error, list: [] };
}

/** What is known of a running container from rounds before. */
interface Known {
  inspection: InspectedContainer | undefined;
  inspectedAtMs: number;
  state: string;
  cpuSeconds: number | undefined;
  readAt: number | undefined;
  cpuCores: number | undefined;
}

class ContainerWatch implements Disposable {
  readonly #limits: ContainerLimits;
  readonly #candidates: readonly string[];
  readonly #monotonicMs: () => number;
  readonly #known = new Map<string, Known>();
  #engine: Engine | null = null;
  #socketPath: string | null = null;
  engineName = "docker";

  constructor(settings: CollectorSettings, limits: ContainerLimits, monotonicMs: () => number) {
    this.#candidates = socketPaths(settings);
    this.#limits = limits;
    this.#monotonicMs = monotonicMs;
  }

  /** undefined: there is no engine. */
  async round(section: Section, now: number): Promise<Containers | undefined> {
    const engine = this.#open();
    if (engine === undefined) return undefined;
    const limit = AbortSignal.timeout(this.#limits.roundMs);
    const { body, isPodman } = await engine.get("/containers/json?all=1", limit);
    this.engineName = isPodman ? "podman" : "docker";
    const listed = parseList(body);
    const running = listed.filter(({ state }) => state === "running" || state === "paused");
    const stats = new Map<string, ContainerStats>();
    await forEach(running.slice(0, mostMeasured), concurrency, async (one) => {
      const found = await this.#measure(engine, one, limit);
      if (found !== undefined) stats.set(one.fullId, found);
    });
    this.#forgetOthers(running);
    putStates(section, listed);
    const list = listed.slice(0, mostListed).map((one) => {
      const known = this.#known.get(one.fullId);
      const found = stats.get(one.fullId);
      putContainer(section, one, found, known?.inspection, now);
      return containerFact(one, found, known);
    });
    return { engine: this.engineName, total: listed.length, running: running.length, list };
  }

  [Symbol.dispose](): void {
    this.#engine?.[Symbol.dispose]();
  }

  /** The engine at the first socket that is there. */
  #open(): Engine | undefined {
    const socketPath = this.#candidates.find(isSocket) ?? null;
    if (socketPath !== this.#socketPath) {
      this.#engine?.[Symbol.dispose]();
      this.#engine = null;
      this.#socketPath = socketPath;
      this.#known.clear();
    }
    if (socketPath === null) return undefined;
    const timeoutMs = this.#limits.requestMs;
    return (this.#engine ??= new Engine({ socketPath, timeoutMs, concurrency, maxBytes: 8e6 }));
  }

  async #measure(
    engine: Engine,
    { fullId, state }: ListedContainer,
    limit: AbortSignal,
  ): Promise<ContainerStats | undefined> {
    const known = this.#knownOf(fullId);
    try {
      const path = `/containers/${fullId}/stats?stream=false&one-shot=true`;
      const stats = parseStats((await engine.get(path, limit)).body);
      const hasRestarted = follow(known, stats) || known.state !== state;
      known.state = state;
      const now = this.#monotonicMs();
      if (
        hasRestarted ||
        known.inspection === undefined ||
        now >= known.inspectedAtMs + inspectAgainMs
      ) {
        known.inspection = parseInspection(
          (await engine.get(`/containers/${fullId}/json`, limit)).body,
        );
        known.inspectedAtMs = now;
      }
      return stats;
    } catch (error) {
      if (error instanceof EngineFault) return undefined;
      throw error;
    }
  }

  #knownOf(fullId: string): Known {
    let known = this.#known.get(fullId);
    if (known === undefined) {
      known = {
        inspection: undefined,
        inspectedAtMs: 0,
        state: "",
        cpuSeconds: undefined,
        readAt: undefined,
        cpuCores: undefined,
      };
      this.#known.set(fullId, known);
    }
    return known;
  }

  #forgetOthers(running: readonly ListedContainer[]): void {
    const ids = new Set(running.map(({ fullId }) => fullId));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

/** Cores in use since the figures before; true: the container began anew since then. */
function follow(known: Known, { cpuSeconds, readAt }: ContainerStats): boolean {
  const before = { ...known };
  known.cpuSeconds = cpuSeconds;
  known.readAt = readAt;
  known.cpuCores = undefined;
  if (cpuSeconds === undefined || before.cpuSeconds === undefined) return false;
  if (cpuSeconds < before.cpuSeconds) return true;
  const elapsedMs = (readAt ?? 0) - (before.readAt ?? 0);
  if (readAt !== undefined && before.readAt !== undefined && elapsedMs > 0)
    known.cpuCores = round4((cpuSeconds - before.cpuSeconds) / (elapsedMs / 1000));
  return false;
}

function containerFact(
  { id, name, image, state, status, health, ports }: ListedContainer,
  stats: ContainerStats | undefined,
  known: Known | undefined,
): Containers["list"][number] {
  return present<Containers["list"][number]>({
    id,
    name,
    image,
    state,
    status,
    health,
    ports,
    restarts: known?.inspection?.restarts,
    cpu_cores: stats === undefined ? undefined : known?.cpuCores,
    memory_bytes: stats?.workingSetBytes,
    memory_limit_bytes: known?.inspection?.memoryLimitBytes,
  });
}

function putStates(section: Section, listed: readonly ListedContainer[]): void {
  const counts = new Map([
    ["running", 0],
    ["exited", 0],
  ]);
  for (const { state } of listed) counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const [state, count] of counts) section.put(containerMetrics.states, { state }, count);
}

/** Where engines have their sockets: Docker's, Podman's, and those of the user who runs this. */
function socketPaths({ roots: { root }, containerSocket }: CollectorSettings): readonly string[] {
  if (containerSocket !== null) return [containerSocket];
  const uid = globalThis.process.getuid?.() ?? 0;
  return [
    `${root}/run/docker.sock`,
    `${root}/var/run/docker.sock`,
    `${root}/run/podman/podman.sock`,
    `${root}/run/user/${uid}/docker.sock`,
    `${root}/run/user/${uid}/podman/podman.sock`,
    `${root}${homedir()}/.docker/run/docker.sock`,
  ];
}

/** A socket in a folder that may not be looked into is not there. */
function isSocket(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
  } catch {
    return false;
  }
}

/** Calls `work` for each item, at most `limit` at once. */
async function forEach<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
