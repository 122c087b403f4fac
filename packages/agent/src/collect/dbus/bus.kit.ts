/**
 * A small bus for tests, where no systemd runs. It is strict: it takes the credentials' zero byte, `AUTH EXTERNAL` with
 * the right user id, `BEGIN`, then `Hello` before any other call, and answers a message that breaks the format by closing
 * the connection, as the real one does. It speaks the Message Protocol of the D-Bus specification, and was compared with
 * `dbus-daemon` 1.14: the client says `Hello` to either.
 */
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { DbusReader } from "./wire.ts";

export interface BusUnit {
  readonly name: string;
  readonly description?: string;
  readonly state: string;
}

export interface BusBehaviour {
  readonly units?: readonly BusUnit[];
  /** Name of the error `ListUnits` is answered with. */
  readonly error?: string;
  /** Says nothing after the connection is made. */
  readonly isSilent?: boolean;
  /** Refuses everybody. */
  readonly isClosed?: boolean;
  /** Bytes sent at a time. */
  readonly pieceBytes?: number;
}

export interface Bus extends AsyncDisposable {
  /** Calls it was asked, as `interface.member`. */
  readonly calls: readonly string[];
  /** What the client did wrong. */
  readonly complaints: readonly string[];
}

/** Listens at `path`. */
export async function startBus(path: string, behaviour: BusBehaviour): Promise<Bus> {
  const calls: string[] = [];
  const complaints: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    if (behaviour.isSilent !== true) serve(socket, behaviour, calls, complaints);
  });
  server.listen(path);
  await once(server, "listening");
  return {
    calls,
    complaints,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function serve(
  socket: Socket,
  behaviour: BusBehaviour,
  calls: string[],
  complaints: string[],
): void {
  let received = Buffer.alloc(0);
  let phase: "auth" | "begin" | "messages" = "auth";
  const refuse = (why: string): void => {
    complaints.push(why);
    socket.destroy();
  };
  const line = (): string | undefined => {
    const end = received.indexOf("\r\n");
    if (end === -1) return undefined;
    const text = received.toString("latin1", 0, end);
    received = received.subarray(end + 2);
    return text;
  };
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, Buffer.from(bytes)]);
    if (phase === "auth") {
      const text = line();
      if (text === undefined) return;
      const uid = Buffer.from(String(globalThis.process.geteuid?.() ?? 0)).toString("hex");
      if (text !== `\0AUTH EXTERNAL ${uid}`) return refuse(`bad greeting ${JSON.stringify(text)}`);
      phase = "begin";
      socket.write(behaviour.isClosed === true ? "REJECTED\r\n" : "OK 1234deadbeef\r\n");
    }
    if (phase === "begin") {
      const text = line();
      if (text === undefined) return;
      if (text !== "BEGIN") return refuse(`expected BEGIN, found ${text}`);
      phase = "messages";
    }
    for (;;) {
      const call = takeCall(received);
      if (call === null) return;
      if (typeof call === "string") return refuse(call);
      received = received.subarray(call.size);
      calls.push(call.name);
      answer(socket, call, calls, behaviour);
    }
  });
}

interface Call {
  readonly name: string;
  readonly serial: number;
  readonly size: number;
}

/** A call; null: more bytes are needed; a text: what is wrong with it. */
function takeCall(bytes: Buffer): Call | string | null {
  if (bytes.length < 16) return null;
  if (bytes.toString("latin1", 0, 1) !== "l" || bytes[1] !== 1 || bytes[3] !== 1)
    return "no call of a method, little-endian, version 1";
  const fieldsSize = bytes.readUInt32LE(12);
  const size = 16 + Math.ceil(fieldsSize / 8) * 8 + bytes.readUInt32LE(4);
  if (bytes.length < size) return null;
  const reader = new DbusReader(bytes.subarray(0, 16 + fieldsSize), 16);
  const found = new Map<number, string>();
  const types: Readonly<Record<number, string>> = { 1: "o", 2: "s", 3: "s", 6: "s" };
  while (reader.hasMore) {
    reader.align(8);
    const field = reader.byte();
    const type = reader.signature();
    if (types[field] !== type) return `field ${field} has type ${type}`;
    found.set(field, String(reader.basic(type)));
  }
  const [path, name, member, destination] = [1, 2, 3, 6].map((field) => found.get(field));
  if (path === undefined || destination === undefined) return "a call without path or destination";
  const serial = bytes.readUInt32LE(8);
  return serial === 0 ? "serial 0" : { name: `${name}.${member}`, serial, size };
}

function answer(
  socket: Socket,
  call: Call,
  calls: readonly string[],
  behaviour: BusBehaviour,
): void {
  const [first] = calls;
  if (first !== "org.freedesktop.DBus.Hello") {
    socket.destroy();
    return;
  }
  const send = (message: Buffer): void => {
    const piece = behaviour.pieceBytes ?? message.length;
    for (let at = 0; at < message.length; at += piece)
      socket.write(message.subarray(at, at + piece));
  };
  if (call.name === "org.freedesktop.DBus.Hello") {
    send(message(2, call.serial, "s", new Body().text(":1.7").bytes()));
    // The bus tells everybody their name; nobody asked.
    send(message(4, 0, "s", new Body().text(":1.7").bytes()));
    return;
  }
  const { error, units = [] } = behaviour;
  if (error !== undefined) send(message(3, call.serial, "s", new Body().text("no").bytes(), error));
  else send(message(2, call.serial, "a(ssssssouso)", unitList(units)));
}

function unitList(units: readonly BusUnit[]): Buffer {
  const list = new Body();
  for (const { name, description = "", state } of units) {
    list.align(8);
    for (const text of [name, description, "loaded", state, "dead", "", "/u/1"]) list.text(text);
    list.uint32(0).text("").text("/");
  }
  const bytes = list.bytes();
  const head = Buffer.alloc(8);
  head.writeUInt32LE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
}

function message(
  type: number,
  repliesTo: number,
  signature: string,
  body: Buffer,
  error?: string,
): Buffer {
  const fields = new Body();
  if (repliesTo > 0) fields.align(8).raw([5, 1, 117, 0]).uint32(repliesTo);
  if (error !== undefined) fields.align(8).raw([4, 1, 115, 0]).text(error);
  fields.align(8).raw([8, 1, 103, 0, signature.length, ...Buffer.from(signature), 0]);
  const head = Buffer.from([108, type, 1, 1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(body.length, 4);
  const list = fields.bytes();
  head.writeUInt32LE(list.length, 12);
  return Buffer.concat([head, list, Buffer.alloc(-list.length & 7), body]);
}

class Body {
  #bytes: number[] = [];

  align(size: number): this {
    while (this.#bytes.length % size !== 0) this.#bytes.push(0);
    return this;
  }

  raw(bytes: readonly number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }

  uint32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.align(4).raw([...bytes]);
  }

  text(text: string): this {
    const bytes = Buffer.from(text);
    return this.uint32(bytes.length).raw([...bytes, 0]);
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}
