/**
 * The load, a process of its own so that it is not what limits: raw sockets that stay open, requests made beforehand of
 * which only the ids change. Writes its figures as JSON.
 * `node load.ts PORT CONNECTIONS PIPELINED EVENTS_PER_REQUEST SECONDS FIRST_ID [EVENTS_PER_SECOND]`
 */
import { connect, type Socket } from "node:net";
import { requestOf, writeId } from "./events.ts";

export interface LoadFigures {
  /** Events that were answered with 2xx, and how many of them per second. */
  readonly events: number;
  readonly perSecond: number;
  /** Requests that were answered otherwise. */
  readonly refused: number;
  /** How long requests took, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const [port = 0, connections = 1, pipelined = 1, perRequest = 1, seconds = 1, firstId = 0, rate] =
  process.argv.slice(2).map(Number);
const template = requestOf(perRequest);
const waits: number[] = [];
let nextId = firstId;
let events = 0;
let refused = 0;
let isOver = false;

/** One connection: answers come in the order of the requests. */
class Lane {
  readonly #socket: Socket;
  readonly #sentAt: number[] = [];
  #rest: Buffer = Buffer.alloc(0);
  readonly #onAnswer: (lane: Lane) => void;

  constructor(socket: Socket, onAnswer: (lane: Lane) => void) {
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => {
      if (!isOver) throw error;
    });
  }

  get waiting(): number {
    return this.#sentAt.length;
  }

  send(requests: number, at = performance.now()): void {
    const { bytes, idsAt } = template;
    const all = Buffer.allocUnsafe(bytes.length * requests);
    for (let i = 0; i < requests; i += 1) {
      all.set(bytes, i * bytes.length);
      for (const idAt of idsAt) {
        writeId(all, i * bytes.length + idAt, nextId);
        nextId += 1;
      }
      this.#sentAt.push(at);
    }
    this.#socket.write(all);
  }

  #read(chunk: Buffer): void {
    let data: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const headEnd = data.indexOf("\r\n\r\n");
      if (headEnd < 0) break;
      const head = data.toString("latin1", 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (data.length < end) break;
      const isTaken = head.startsWith("HTTP/1.1 20");
      if (isTaken) events += perRequest;
      else refused += 1;
      waits.push(performance.now() - (this.#sentAt.shift() ?? 0));
      data = data.subarray(end);
      this.#onAnswer(this);
    }
    this.#rest = data;
  }

  end(): void {
    this.#socket.destroy();
  }
}

async function open(onAnswer: (lane: Lane) => void): Promise<Lane> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return new Lane(socket, onAnswer);
}

/** As fast as answers come: a lane sends again when half of what it sent was answered. */
const steady = (lane: Lane): void => {
  if (isOver || rate !== undefined) return;
  const free = pipelined - lane.waiting;
  if (free >= Math.ceil(pipelined / 2)) lane.send(free);
};

const lanes = await Promise.all(Array.from({ length: connections }, () => open(steady)));
const begin = performance.now();
if (rate === undefined) {
  for (const lane of lanes) lane.send(pipelined);
} else {
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - begin) * rate) / 1000;
    // A request's time runs from when it was due, not from when the load got around to it.
    for (; sent < due && !isOver; sent += perRequest) {
      lanes[(sent / perRequest) % lanes.length]?.send(1, begin + (sent * 1000) / rate);
    }
  }, 1);
  setTimeout(() => clearInterval(timer), seconds * 1000);
}
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const took = performance.now() - begin;
isOver = true;
const sorted = Float64Array.from(waits).toSorted();
const at = (ratio: number): number => sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0;
const figures: LoadFigures = {
  events,
  perSecond: (events * 1000) / took,
  refused,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  maxMs: at(1),
};
for (const lane of lanes) lane.end();
process.stdout.write(JSON.stringify(figures));
