/**
 * A fake of a Zabbix server's trapper, built after the published protocol and what a real server 6.0.14 was seen to answer
 * (`test/journeys/zabbix.test.ts` has the real one). It is strict: whatever breaks the frame, the form of the JSON or a limit
 * is an answer of `failed` and a violation that `violations` tells. What it knows of hosts and items takes effect when its
 * cache is synced, as in a real server.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { deflateSync } from "node:zlib";

/** How it sends its replies. */
export type ReplyForm = "plain" | "compressed" | "large" | "large and compressed" | "byte by byte";

export interface TrappedValue {
  readonly key: string;
  readonly value: string;
  readonly clock: number;
  readonly ns: number;
}

export interface ZabbixTrapper extends AsyncDisposable {
  readonly address: string;
  /** Makes an item; known from the next sync on. */
  addItem(key: string): void;
  removeItem(key: string): void;
  /** Makes a rule of discovery with prototypes such as `belfry.job.status[{#JOB}]`; known from the next sync on. */
  addRule(key: string, prototypes: readonly string[]): void;
  /** From now on the cache is synced with every change, or (false) only by `sync`. Begins with true. */
  syncAtOnce(isAtOnce: boolean): void;
  sync(): void;
  /** Values it is to refuse, whatever their item. */
  refuse(isRefused: (value: TrappedValue) => boolean): void;
  form(form: ReplyForm): void;
  /** Sends this instead of its replies: bytes, then the end of the connection. */
  answerWith(bytes: Buffer): void;
  /** The history: one value per item, clock and ns. */
  readonly history: readonly TrappedValue[];
  /** Values of each message, in the order they came. */
  readonly messages: readonly (readonly TrappedValue[])[];
  readonly violations: readonly string[];
  readonly away: { begin(): Promise<void>; end(): Promise<void> };
  hang(): void;
}

const longestKey = 2048;
const longestMessage = 128 * 1024 * 1024;
const lastClock = 2 ** 31 - 1;

/** Starts it on a free port of loopback, with one host. */
export async function startZabbixTrapper(host: string): Promise<ZabbixTrapper> {
  const violations: string[] = [];
  const desk = createDesk(host, violations);
  const sockets = new Set<Socket>();
  let form: ReplyForm = "plain";
  let bytesInstead: Buffer | undefined;
  let hangs = false;
  let server: Server | undefined;
  let port = 0;

  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    if (hangs) return;
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      let text: string | undefined;
      try {
        text = readFrame(bytes);
      } catch (error) {
        violations.push(String(error));
        socket.destroy();
        return;
      }
      if (text === undefined) return;
      void reply(socket, bytesInstead ?? replyFrame(desk.take(text), form), form);
    });
  }

  async function listen(): Promise<void> {
    server = createServer(serve);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  }

  async function close(): Promise<void> {
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    server = undefined;
    await closed;
  }

  await listen();
  return {
    ...desk,
    get history() {
      return desk.history;
    },
    address: `127.0.0.1:${port}`,
    form(value) {
      form = value;
    },
    answerWith(bytes) {
      bytesInstead = bytes;
    },
    violations,
    away: { begin: close, end: listen },
    hang() {
      hangs = true;
    },
    [Symbol.asyncDispose]: close,
  };
}

interface Desk extends Omit<
  ZabbixTrapper,
  "address" | "form" | "answerWith" | "violations" | "away" | "hang" | typeof Symbol.asyncDispose
> {
  /** The reply to a message. */
  take(text: string): string;
}

/** Knows items and rules, and keeps values. */
function createDesk(host: string, violations: string[]): Desk {
  const made = { items: new Set<string>(), rules: new Map<string, readonly string[]>() };
  let known = { items: new Set<string>(), rules: new Map<string, readonly string[]>() };
  const history = new Map<string, TrappedValue>();
  const messages: TrappedValue[][] = [];
  let isAtOnce = true;
  let isRefused: (value: TrappedValue) => boolean = () => false;

  function sync(): void {
    known = { items: new Set(made.items), rules: new Map(made.rules) };
  }
  function changed(): void {
    if (isAtOnce) sync();
  }

  function keep({ key, value, clock, ns }: TrappedValue): boolean {
    const prototypes = known.rules.get(key);
    if (prototypes !== undefined) {
      for (const item of itemsOf(value, prototypes)) made.items.add(item);
      changed();
      return true;
    }
    const one = { key, value, clock, ns };
    if (!known.items.has(key) || isRefused(one)) return false;
    const id = JSON.stringify([key, clock, ns]);
    if (!history.has(id)) history.set(id, one);
    return true;
  }

  return {
    take(text) {
      let values: readonly (TrappedValue & { readonly host: string })[];
      try {
        values = readMessage(text);
      } catch (error) {
        violations.push(String(error));
        return JSON.stringify({ response: "failed", info: String(error) });
      }
      messages.push(values.map(({ key, value, clock, ns }) => ({ key, value, clock, ns })));
      const taken = values.filter((value) => value.host === host && keep(value)).length;
      const counts = `processed: ${taken}; failed: ${values.length - taken}; total: ${values.length}`;
      return JSON.stringify({ response: "success", info: `${counts}; seconds spent: 0.000045` });
    },
    addItem(key) {
      made.items.add(key);
      changed();
    },
    removeItem(key) {
      made.items.delete(key);
      changed();
    },
    addRule(key, prototypes) {
      made.rules.set(key, prototypes);
      changed();
    },
    syncAtOnce(value) {
      isAtOnce = value;
    },
    sync,
    refuse(predicate) {
      isRefused = predicate;
    },
    get history() {
      return [...history.values()];
    },
    messages,
  };
}

/** The text of a frame, undefined while it is not whole; throws where it is none that a client may send. */
function readFrame(bytes: Buffer): string | undefined {
  if (bytes.length < 13) return undefined;
  if (bytes.subarray(0, 4).toString("latin1") !== "ZBXD") throw new Error("no ZBXD");
  if (bytes[4] !== 1) throw new Error(`flags ${bytes[4]}`);
  const length = bytes.readUInt32LE(5);
  if (length > longestMessage) throw new Error(`a message of ${length} bytes`);
  if (bytes.readUInt32LE(9) !== 0) throw new Error("reserved bytes that are not 0");
  if (bytes.length > 13 + length) throw new Error("bytes after the message");
  return bytes.length < 13 + length ? undefined : bytes.subarray(13).toString();
}

function readMessage(text: string): (TrappedValue & { readonly host: string })[] {
  const message = JSON.parse(text) as Record<string, unknown>;
  if (message["request"] !== "sender data")
    throw new Error(`request ${String(message["request"])}`);
  const { data } = message;
  if (!Array.isArray(data)) throw new Error('cannot find pair with name "data"');
  const seen = new Set<string>();
  return data.map((one: Record<string, unknown>) => {
    const { host, key, value, clock, ns } = one;
    if (typeof host !== "string" || host.length < 1 || host.length > 128) throw new Error("host");
    if (typeof key !== "string" || key.length < 1 || key.length > longestKey)
      throw new Error("key");
    if (typeof value !== "string" || !value.isWellFormed()) throw new Error(`value of ${key}`);
    if (!key.endsWith(".discovery") && value.length > 65_535)
      throw new Error(`long value of ${key}`);
    if (!isWhole(clock, lastClock)) throw new Error(`clock of ${key}`);
    if (!isWhole(ns, 999_999_999)) throw new Error(`ns of ${key}`);
    const id = JSON.stringify([key, clock, ns]);
    if (seen.has(id)) throw new Error(`two values of ${key} at one time`);
    seen.add(id);
    return { host, key, value, clock, ns };
  });
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Items that a list makes from prototypes; parameters are quoted where Zabbix quotes them. */
function itemsOf(list: string, prototypes: readonly string[]): string[] {
  const entries = JSON.parse(list) as Record<string, string>[];
  return entries.flatMap((entry) =>
    prototypes.map((prototype) =>
      prototype.replace(/\{#[A-Z]+\}/g, (macro) => {
        const text = entry[macro];
        if (text === undefined) throw new Error(`${macro} is not in the list`);
        const isPlain = !/[,\]]/.test(text) && !['"', " ", "["].includes(text.charAt(0));
        if (isPlain) return text;
        if (text.endsWith("\\")) throw new Error(`${text} cannot be quoted`);
        return `"${text.replaceAll('"', '\\"')}"`;
      }),
    ),
  );
}

function replyFrame(text: string, form: ReplyForm): Buffer {
  const plain = Buffer.from(text);
  const isCompressed = form === "compressed" || form === "large and compressed";
  const isLarge = form === "large" || form === "large and compressed";
  const data = isCompressed ? deflateSync(plain) : plain;
  const reserved = isCompressed ? plain.length : 0;
  const header = Buffer.alloc(isLarge ? 21 : 13);
  header.write("ZBXD");
  header[4] = 1 + (isCompressed ? 2 : 0) + (isLarge ? 4 : 0);
  if (isLarge) {
    header.writeBigUInt64LE(BigInt(data.length), 5);
    header.writeBigUInt64LE(BigInt(reserved), 13);
  } else {
    header.writeUInt32LE(data.length, 5);
    header.writeUInt32LE(reserved, 9);
  }
  return Buffer.concat([header, data]);
}

/** Sends a reply and closes, as Zabbix does; byte by byte each goes alone. */
async function reply(socket: Socket, bytes: Buffer, form: ReplyForm): Promise<void> {
  if (form !== "byte by byte") return void socket.end(bytes);
  socket.setNoDelay(true);
  for (const byte of bytes) {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => void socket.write(Buffer.of(byte), () => resolve()));
  }
  socket.end();
}
