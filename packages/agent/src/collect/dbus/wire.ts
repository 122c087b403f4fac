/**
 * Messages of D-Bus, as far as a client needs them that calls methods without arguments (D-Bus specification, "Message
 * Format"). Little-endian only: Belfry runs on no other machine. A message is
 *
 *   at  bytes  what
 *   0   1      'l'
 *   1   1      1 call, 2 answer, 3 error, 4 signal
 *   2   1      flags
 *   3   1      version: 1
 *   4   4      bytes of the body
 *   8   4      serial number of the message
 *   12  …      array of fields: (code byte, variant), each at a multiple of 8; then zeros to a multiple of 8; the body
 */
export interface DbusMessage {
  readonly kind: "call" | "answer" | "error" | "signal";
  readonly serial: number;
  /** Serial of the call it answers; 0: none. */
  readonly repliesTo: number;
  readonly errorName: string;
  /** Types of the body's values, as `a(ssssssouso)`. */
  readonly signature: string;
  readonly body: Buffer;
  /** Bytes of the whole message. */
  readonly sizeBytes: number;
}

export interface DbusCall {
  readonly serial: number;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
}

/** The bytes are no message, or one of a kind nobody sends to a client. */
export class DbusFault extends Error {
  override readonly name = "DbusFault";
}

const kinds = { 1: "call", 2: "answer", 3: "error", 4: "signal" } as const;
const fields = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  repliesTo: 5,
  destination: 6,
  signature: 8,
};
/** Do not start the service for this call: looking must not change what is looked at. */
const noAutoStart = 2;
/** As the specification has it. */
const largestMessage = 128 * 1024 * 1024;

/** Bytes of a call of a method without arguments. */
export function encodeCall(call: DbusCall): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  const add = (bytes: Buffer): void => {
    parts.push(bytes);
    size += bytes.length;
  };
  for (const [code, type, text] of [
    [fields.path, "o", call.path],
    [fields.interface, "s", call.interface],
    [fields.member, "s", call.member],
    [fields.destination, "s", call.destination],
  ] as const) {
    add(Buffer.alloc(-size & 7));
    const value = Buffer.from(text, "utf8");
    const head = Buffer.from([code, 1, type.charCodeAt(0), 0, 0, 0, 0, 0]);
    head.writeUInt32LE(value.length, 4);
    add(head);
    add(value);
    add(Buffer.alloc(1));
  }
  const head = Buffer.from([108, 1, noAutoStart, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(call.serial, 8);
  head.writeUInt32LE(size, 12);
  return Buffer.concat([head, ...parts, Buffer.alloc(-size & 7)]);
}

/** Bytes of the message that begins here; null: too few of them came to tell. Throws where no message begins here. */
export function messageSize(bytes: Buffer): number | null {
  if (bytes.length < 16) return null;
  if (bytes[0] !== 108 || bytes[3] !== 1)
    throw new DbusFault("expected a little-endian message of version 1");
  const fieldsSize = bytes.readUInt32LE(12);
  const size = 16 + fieldsSize + (-fieldsSize & 7) + bytes.readUInt32LE(4);
  if (size > largestMessage) throw new DbusFault(`expected at most 128 MiB, found ${size} bytes`);
  return size;
}

/** Reads the message that begins here; null: it has not come whole. */
export function decodeMessage(bytes: Buffer): DbusMessage | null {
  const sizeBytes = messageSize(bytes);
  if (sizeBytes === null || bytes.length < sizeBytes) return null;
  const bodySize = bytes.readUInt32LE(4);
  const code = bytes[1];
  if (code !== 1 && code !== 2 && code !== 3 && code !== 4)
    throw new DbusFault(`expected a message of type 1 to 4, found ${code}`);
  const reader = new DbusReader(bytes.subarray(0, 16 + bytes.readUInt32LE(12)), 16);
  const found = { repliesTo: 0, errorName: "", signature: "" };
  while (reader.hasMore) {
    reader.align(8);
    const field = reader.byte();
    const type = reader.signature();
    const value = reader.basic(type);
    if (field === fields.repliesTo && typeof value === "number") found.repliesTo = value;
    if (field === fields.errorName && typeof value === "string") found.errorName = value;
    if (field === fields.signature && typeof value === "string") found.signature = value;
  }
  const body = bytes.subarray(sizeBytes - bodySize, sizeBytes);
  return { kind: kinds[code], serial: bytes.readUInt32LE(8), ...found, body, sizeBytes };
}

/** Reads values from left to right. Alignment counts from the first byte. */
export class DbusReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** Where the next value is read. */
  get at(): number {
    return this.#at;
  }

  /** Goes to the next multiple of `size`, a power of two. */
  align(size: number): void {
    this.#at += -this.#at & (size - 1);
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint32(): number {
    this.align(4);
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  /** A string or the path of an object. */
  text(): string {
    const length = this.uint32();
    const start = this.#take(length + 1);
    return this.#bytes.toString("utf8", start, start + length);
  }

  signature(): string {
    const length = this.byte();
    const start = this.#take(length + 1);
    return this.#bytes.toString("latin1", start, start + length);
  }

  /** A value of a type that fields of a header have. */
  basic(type: string): string | number {
    switch (type) {
      case "s":
      case "o":
        return this.text();
      case "g":
        return this.signature();
      case "u":
        return this.uint32();
      case "y":
        return this.byte();
      default:
        throw new DbusFault(`expected a field of type s, o, g, u or y, found ${type}`);
    }
  }

  /** The place of the next `count` bytes, which are read. */
  #take(count: number): number {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new DbusFault("expected more bytes, found the end");
    return start;
  }
}
