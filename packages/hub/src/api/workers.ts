/**
 * `/api/v1/worker/*`: what a worker elsewhere says to its hub and is told by it, and `/api/v1/workers`, who they are. A
 * worker is told secrets of the monitors it checks, so its routes ask for a scope that no other contains.
 */
import { hash } from "node:crypto";
import {
  WorkerHelloSchema,
  WorkerMonitorsSchema,
  WorkerOutcomesSchema,
  WorkerReceiptSchema,
  WorkerSchema,
  WorkerWelcomeSchema,
  type WorkerMonitor,
  type WorkerMonitors,
  type WorkerReceipt,
  type WorkerView,
  type WorkerWelcome,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import { parseId, type MonitorId } from "../model/id.ts";
import {
  chosenWorker,
  ownLocation,
  workerGoneMs,
  type LocationOutcome,
  type RemoteWorker,
} from "../model/location.ts";
import type { Monitor } from "../model/monitor.ts";
import { judgingView } from "../model/monitor-input.ts";
import { readFound } from "../model/found.ts";
import { actorOf } from "./access/permission.ts";
import { timeText } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute } from "./route.ts";

type Parts = Pick<
  ApiParts,
  "clock" | "version" | "board" | "kinds" | "store" | "locations" | "ownProcess"
>;

/** How often a worker asks for monitors, seconds. */
const pollSeconds = 3;
/** Largest body of outcomes, bytes. */
const bodyLimitBytes = 8 * 1024 * 1024;
/** Workers are told of for so long after they were heard last, ms. */
const toldMs = 7 * 86_400_000;

/** Registers the routes. */
export function addWorkerRoutes(app: FastifyInstance, parts: Parts): void {
  addHello(app, parts);
  addMonitors(app, parts);
  addOutcomes(app, parts);
  addList(app, parts);
}

function addHello(app: FastifyInstance, { clock, version, store, ownProcess }: Parts): void {
  addRoute(app, {
    method: "POST",
    path: "/api/v1/worker/hello",
    permission: "worker",
    tag: "workers",
    summary: "Introduce a worker",
    description:
      "From then on it is given monitors of its location. `local` and the hub's own location are checked by the hub and " +
      "its workers on the same database, and are refused here.",
    body: WorkerHelloSchema,
    answers: { 200: { description: "What it has to know", schema: WorkerWelcomeSchema } },
    rateLimit: false,
    async handle({ body, principal }): Promise<WorkerWelcome> {
      const { location, name } = body;
      if (location === ownLocation || location === ownProcess.location) {
        const message = `expected a location of its own, found ${location}, which the hub checks from`;
        throw new AppError("invalid", "The location is taken", {
          problems: [{ path: "location", message }],
        });
      }
      const id = parseId<"worker">(body.id);
      if (id === undefined) throw new AppError("invalid", "The id is none");
      const now = clock.now();
      const worker: RemoteWorker = {
        id,
        name,
        location,
        version: body.version,
        joinedAt: now,
        seenAt: now,
        waiting: 0,
        dropped: 0,
        clockOffsetMs: 0,
      };
      await store.saveWorker(worker, {
        at: now,
        actor: actorOf(principal),
        action: "hello",
        resource: "worker",
        resourceId: id,
        detail: { name, location, version: body.version },
      });
      return { now, version, poll_seconds: pollSeconds };
    },
  });
}

function addMonitors(app: FastifyInstance, parts: Parts): void {
  const { clock, store } = parts;
  const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/worker/monitors",
    permission: "worker",
    tag: "workers",
    summary: "What a worker has to check",
    description:
      "With secrets. Asking is the worker's sign of life. 404: it is to introduce itself anew.",
    query: Type.Object({
      id: Type.String(),
      known: Type.String({ default: "", maxLength: 100 }),
      waiting: count,
      dropped: count,
      clock_offset_ms: Type.Number({ default: 0 }),
    }),
    answers: { 200: { description: "The monitors", schema: WorkerMonitorsSchema } },
    errors: ["not_found"],
    rateLimit: false,
    async handle({ query }): Promise<WorkerMonitors> {
      const now = clock.now();
      const worker = await findWorker(parts, query.id, now);
      await store.touchWorker(worker.id, {
        seenAt: now,
        waiting: query.waiting,
        dropped: query.dropped,
        clockOffsetMs: query.clock_offset_ms,
      });
      const others = await store.remoteWorkers(now - workerGoneMs);
      const monitors = monitorsOf(parts, worker, [...others, worker]).map(workerMonitor);
      const known = hash("sha256", JSON.stringify(monitors)).slice(0, 32);
      return { now, known, monitors: known === query.known ? null : monitors };
    },
  });
}

function addOutcomes(app: FastifyInstance, parts: Parts): void {
  const { clock, locations } = parts;
  addRoute(app, {
    method: "POST",
    path: "/api/v1/worker/outcomes",
    permission: "worker",
    tag: "workers",
    summary: "Hand in what a worker found",
    description:
      "In the order of its slots. An outcome is counted once for each monitor, location and slot, however often it is sent.",
    body: WorkerOutcomesSchema,
    bodyLimit: bodyLimitBytes,
    answers: { 200: { description: "They are stored", schema: WorkerReceiptSchema } },
    errors: ["not_found"],
    rateLimit: false,
    async handle({ body }): Promise<WorkerReceipt> {
      const now = clock.now();
      const { location } = await findWorker(parts, body.id, now);
      const outcomes = body.outcomes.flatMap((one): LocationOutcome[] => {
        const monitorId = parseId<"monitor">(one.monitor);
        const outcome = readFound(one.found);
        if (monitorId === undefined || outcome === undefined) return [];
        // A hub that learns of a new monitor a moment later than its worker takes what it found all the same.
        const monitor = parts.board.get(monitorId)?.monitor;
        if (monitor !== undefined && monitor.version >= one.version && !isAt(monitor, location)) {
          return [];
        }
        const { version, slot, started_at: at, ended_at: endedAt } = one;
        return [{ monitorId, version, location, slot, at, endedAt, outcome }];
      });
      const taken = await locations.take(outcomes);
      const left = body.outcomes.length - outcomes.length;
      return { now: clock.now(), ...taken, refused: taken.refused + left };
    },
  });
}

function addList(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/workers",
    permission: "read",
    tag: "workers",
    summary: "Workers elsewhere",
    description: "Those that were heard within a week.",
    answers: {
      200: {
        description: "By location",
        schema: Type.Object({ items: Type.Array(WorkerSchema) }),
      },
    },
    async handle(): Promise<{ items: WorkerView[] }> {
      const now = parts.clock.now();
      const all = await parts.store.remoteWorkers(now - toldMs);
      const alive = all.filter((one) => one.seenAt > now - workerGoneMs);
      return { items: all.map((one) => workerView(parts, one, alive)) };
    },
  });
}

async function findWorker({ store }: Parts, text: string, now: number): Promise<RemoteWorker> {
  const id = parseId<"worker">(text);
  const worker = (await store.remoteWorkers(now - toldMs)).find((one) => one.id === id);
  if (worker === undefined) throw new AppError("not_found", "There is no such worker");
  return worker;
}

/** What a worker checks, of those at its location. */
function monitorsOf(
  { board, kinds }: Parts,
  worker: RemoteWorker,
  alive: readonly RemoteWorker[],
): readonly Monitor[] {
  const ids = new Set(alive.filter((one) => one.location === worker.location).map(({ id }) => id));
  const workers = [...ids].toSorted();
  const isHis = (id: MonitorId): boolean => chosenWorker(workers, id) === worker.id;
  return [...board.entries()].flatMap(({ monitor }) => {
    const isChecked = monitor.enabled && kinds.get(monitor.kind)?.passive !== true;
    return isChecked && isAt(monitor, worker.location) && isHis(monitor.id) ? [monitor] : [];
  });
}

function isAt({ placement }: Monitor, location: string): boolean {
  return placement?.locations.includes(location) === true;
}

function workerMonitor(monitor: Monitor): WorkerMonitor {
  return {
    id: monitor.id,
    version: monitor.version,
    name: monitor.name,
    kind: monitor.kind,
    settings: { ...monitor.settings },
    interval: monitor.intervalMs / 1000,
    timeout: monitor.timeoutMs / 1000,
    judging: judgingView(monitor.judging),
  };
}

function workerView(
  parts: Parts,
  worker: RemoteWorker,
  alive: readonly RemoteWorker[],
): WorkerView {
  const isAlive = alive.includes(worker);
  return {
    id: worker.id,
    name: worker.name,
    location: worker.location,
    version: worker.version,
    alive: isAlive,
    joined_at: timeText(worker.joinedAt),
    seen_at: timeText(worker.seenAt),
    monitors: isAlive ? monitorsOf(parts, worker, alive).length : 0,
    waiting: worker.waiting,
    dropped: worker.dropped,
    clock_offset_seconds: worker.clockOffsetMs / 1000,
  };
}
