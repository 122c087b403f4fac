/**
 * One call over a D-Bus socket: connect, say who we are (SASL EXTERNAL: the kernel vouches for our user id), `Hello`, the
 * call, its answer, close. There is one time limit for all of it. What other messages the bus sends is passed over.
 */
import { connect } from "node:net";
import {
  DbusFault,
  decodeMessage,
  encodeCall,
  messageSize,
  type DbusCall,
  type DbusMessage,
} from "./wire.ts";

export interface DbusAddress {
  /** Path of the bus's socket. */
  readonly socket: string;
  /** User id of this process. */
  readonly uid: number;
  /** Ms for the whole exchange. */
  readonly timeoutMs: number;
  /** More bytes than this in one message are refused. */
  readonly maxBytes: number;
}

/** The bus, or the service behind it, answered with an error. */
export class DbusErrorReply extends Error {
  override readonly name = "DbusErrorReply";
  /** As `org.freedesktop.DBus.Error.AccessDenied`. */
  readonly errorName: string;

  constructor(errorName: string) {
    super(`the bus answered ${errorName}`);
    this.errorName = errorName;
  }
}

const hello = {
  serial: 1,
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello",
} as const;

/** Calls a method without arguments. Fails with the error of the socket, a `DbusFault` or a `DbusErrorReply`. */
export function callDbus(
  address: DbusAddress,
  call: Omit<DbusCall, "serial">,
): Promise<DbusMessage> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: address.socket });
    const timer = setTimeout(
      () => finish(() => reject(new DbusFault(`no answer within ${address.timeoutMs} ms`))),
      address.timeoutMs,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const exchange = new Exchange(address.maxBytes, call);
    socket.on("connect", () => socket.write(greeting(address.uid)));
    socket.on("error", (error) => finish(() => reject(error)));
    socket.on("end", () => finish(() => reject(new DbusFault("the bus closed the connection"))));
    socket.on("data", (bytes) => {
      try {
        const { send, answer } = exchange.take(Buffer.from(bytes));
        if (send !== null) socket.write(send);
        if (answer !== null) finish(() => resolve(answer));
      } catch (error) {
        finish(() => reject(toError(error)));
      }
    });
  });
}

/** A zero byte, which carries the credentials on some systems, then the user id's digits as hexadecimal. */
function greeting(uid: number): string {
  return `\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString("hex")}\r\n`;
}

interface Step {
  readonly send: Buffer | null;
  readonly answer: DbusMessage | null;
}

/** What was said so far: first lines of text, then messages. */
class Exchange {
  readonly #maxBytes: number;
  readonly #call: DbusCall;
  #chunks: Buffer[] = [];
  #size = 0;
  #isAccepted = false;
  /** Bytes there have to be before looking again: a large answer comes in many pieces. */
  #needed = 0;

  constructor(maxBytes: number, call: Omit<DbusCall, "serial">) {
    this.#maxBytes = maxBytes;
    this.#call = { serial: 2, ...call };
  }

  take(bytes: Buffer): Step {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes)
      throw new DbusFault(`expected at most ${this.#maxBytes} bytes, found more`);
    if (this.#size < this.#needed) return { send: null, answer: null };
    return this.#isAccepted ? { send: null, answer: this.#findAnswer() } : this.#readLine();
  }

  #readLine(): Step {
    const received = this.#joined();
    const end = received.indexOf("\r\n");
    if (end === -1) return { send: null, answer: null };
    const line = received.toString("latin1", 0, end);
    if (!line.startsWith("OK ")) throw new DbusErrorReply("org.freedesktop.DBus.Error.AuthFailed");
    this.#isAccepted = true;
    this.#keep(received.subarray(end + 2));
    const begin = Buffer.from("BEGIN\r\n");
    return {
      send: Buffer.concat([begin, encodeCall(hello), encodeCall(this.#call)]),
      answer: null,
    };
  }

  #findAnswer(): DbusMessage | null {
    let rest = this.#joined();
    for (;;) {
      const message = decodeMessage(rest);
      if (message === null) break;
      rest = rest.subarray(message.sizeBytes);
      const isAnswer = message.kind === "answer" || message.kind === "error";
      if (isAnswer && message.kind === "error" && message.repliesTo !== 0)
        throw new DbusErrorReply(message.errorName);
      if (isAnswer && message.repliesTo === this.#call.serial) return message;
    }
    this.#keep(rest);
    this.#needed = messageSize(rest) ?? 16;
    return null;
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    const joined =
      this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new DbusFault(String(error));
}
