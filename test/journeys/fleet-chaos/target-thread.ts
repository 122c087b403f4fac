/**
 * The thread of the target: an HTTP server on every loopback address, and a name server for each process of the fleet.
 * `m17.chaos.test` is 127.0.17.11 for the second process: the address a request arrives at says what is checked and who
 * checks, and no two monitors have anything in common.
 *
 * Spoken with by messages; see `target.ts`.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import type { TargetAnswer, TargetOrder, Requests } from "./target.ts";

/** Last part of the address of the first process; those of a network and its broadcast are left alone. */
const firstProcess = 10;

const times: number[] = [];
const monitors: number[] = [];
const processes: number[] = [];
const failures: number[] = [];
const outages = new Map<number, { readonly from: number; readonly to: number }[]>();

function serve(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.once("data", () => {
    const [, high = 0, low = 0, last = 0] = (socket.localAddress ?? "").split(".").map(Number);
    const monitor = (high << 8) | low;
    const now = Date.now();
    const fails = outages.get(monitor)?.some(({ from, to }) => from <= now && now < to) === true;
    times.push(now);
    monitors.push(monitor);
    processes.push(last - firstProcess);
    failures.push(fails ? 1 : 0);
    const status = fails ? "500 Internal Server Error" : "200 OK";
    socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n`);
  });
}

/** A server that knows `m<n>.chaos.test` as one process of the fleet is to see it. */
async function openNames(process: number): Promise<UdpSocket> {
  const socket = createSocket("udp4");
  socket.on("message", (query, peer) => {
    const answer = answerTo(query, process);
    if (answer !== null) socket.send(answer, peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

const typeA = 1;

/** An A record, or that there is none; null for what is no question of ours. */
function answerTo(query: Buffer, process: number): Buffer | null {
  const length = query[12] ?? 0;
  const monitor = /^m(\d+)$/.exec(query.toString("latin1", 13, 13 + length))?.[1];
  const end = query.indexOf(0, 12) + 5;
  if (monitor === undefined || end < 17 || end > query.length) return null;
  const isA = query.readUInt16BE(end - 4) === typeA;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // An answer, with recursion wished for and available; one question, and one record or none.
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  const place = Number(monitor);
  const address = [127, place >> 8, place & 255, firstProcess + process];
  // The name at offset 12, type A, class IN, for no time, four bytes.
  const record = isA ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address] : [];
  return Buffer.concat([head, query.subarray(12, end), Buffer.from(record)]);
}

function taken(): Requests {
  return {
    times: Float64Array.from(times),
    monitors: Uint16Array.from(monitors),
    processes: Uint8Array.from(processes),
    failures: Uint8Array.from(failures),
  };
}

function tell(answer: TargetAnswer): void {
  parentPort?.postMessage(answer);
}

async function follow(order: TargetOrder): Promise<void> {
  switch (order.kind) {
    case "open": {
      const server = createServer(serve).listen({ port: 0, host: "0.0.0.0", backlog: 4096 });
      await once(server, "listening");
      const names = await Promise.all(
        Array.from({ length: order.processes }, (_, process) => openNames(process)),
      );
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      return tell({ kind: "opened", port, names: names.map((one) => one.address().port) });
    }
    case "fail": {
      const { monitor, from, to } = order;
      outages.set(monitor, [...(outages.get(monitor) ?? []), { from, to }]);
      return undefined;
    }
    case "take":
      return tell({ kind: "taken", requests: taken() });
  }
}

parentPort?.on("message", (order: TargetOrder) => void follow(order));
