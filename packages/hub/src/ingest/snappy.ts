/**
 * Reads Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), as remote_write
 * sends it:
 *
 *     length   varint: bytes of the text
 *     element  tag byte, whose two low bits say what follows
 *       00     literal of (tag >> 2) + 1 bytes; 60 to 63: the length less one follows in 1 to 4 bytes
 *       01     copy of 4 + (tag >> 2 & 7) bytes; offset: tag >> 5 (high) and one byte
 *       10     copy of (tag >> 2) + 1 bytes; offset in two bytes
 *       11     copy of (tag >> 2) + 1 bytes; offset in four bytes
 *
 * Input may be hostile: nothing is reserved before the announced length is within the limit and within what so many
 * bytes can hold, and whatever does not fit throws `SnappyError`.
 */

/** The bytes are not Snappy's block format, or announce more than the limit. The message says what was found. */
export class SnappyError extends Error {
  override readonly name = "SnappyError";
  /** Whether the text is larger than the limit. */
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}

/** Three bytes of input give at most 64 of text. */
const mostPerByte = 22;

/**
 * Reads a whole block of at most `maxBytes` of text. Yields after every `pieceBytes` of text, so that a caller can let
 * others have a turn.
 */
export function* readSnappy(
  input: Uint8Array,
  maxBytes: number,
  pieceBytes: number,
): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const header = readLength(input);
  const { length } = header;
  if (length > maxBytes) {
    throw new SnappyError(`${length} bytes are announced, the limit is ${maxBytes}`, true);
  }
  if (length > input.length * mostPerByte) {
    throw new SnappyError(`${length} bytes are announced, which ${input.length} cannot hold`);
  }
  const out = new Uint8Array(length);
  const at = { input: header.end, out: 0 };
  while (at.input < input.length) {
    readElements(input, out, at, Math.min(length, at.out + pieceBytes));
    if (at.input < input.length) yield undefined;
  }
  if (at.out !== length) throw new SnappyError(`it ends at ${at.out} of ${length} bytes`);
  return out;
}

function readLength(input: Uint8Array): { readonly length: number; readonly end: number } {
  let length = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = input[i];
    if (byte === undefined) throw new SnappyError("it ends within its length");
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { length, end: i + 1 };
  }
  throw new SnappyError("its length has more than five bytes");
}

/** Reads whole elements until `until` bytes of text are there, or the input ends. Moves `at`. */
function readElements(
  input: Uint8Array,
  out: Uint8Array,
  at: { input: number; out: number },
  until: number,
): void {
  let from = at.input;
  let to = at.out;
  do {
    const tag = input[from] ?? 0;
    const kind = tag & 3;
    let length = (tag >>> 2) + 1;
    let offset = 0;
    from += 1;
    if (kind === 0) {
      if (length > 60) {
        const bytes = length - 60;
        length = readLittleEndian(input, from, bytes) + 1;
        from += bytes;
      }
      if (length > input.length - from) throw new SnappyError("it ends within a literal");
    } else if (kind === 1) {
      length = 4 + ((tag >>> 2) & 7);
      offset = (tag >>> 5) * 256 + readLittleEndian(input, from, 1);
      from += 1;
    } else {
      const bytes = kind === 2 ? 2 : 4;
      offset = readLittleEndian(input, from, bytes);
      from += bytes;
    }
    if (length > out.length - to) throw new SnappyError("it holds more than it announces");
    if (kind === 0) {
      copyLiteral(input, from, out, to, length);
      from += length;
    } else {
      if (offset === 0 || offset > to) {
        throw new SnappyError(`a copy reaches back ${offset} bytes from ${to}`);
      }
      // One by one: a copy may reach into itself, and then repeats what it has just written.
      for (let i = to, end = to + length; i < end; i += 1) out[i] = out[i - offset] ?? 0;
    }
    to += length;
  } while (to < until && from < input.length);
  at.input = from;
  at.out = to;
}

/** Short ones by hand: a call into the runtime costs more than they do. */
function copyLiteral(
  input: Uint8Array,
  from: number,
  out: Uint8Array,
  to: number,
  length: number,
): void {
  if (length > 48) out.set(input.subarray(from, from + length), to);
  else for (let i = 0; i < length; i += 1) out[to + i] = input[from + i] ?? 0;
}

function readLittleEndian(input: Uint8Array, from: number, bytes: number): number {
  if (from + bytes > input.length) throw new SnappyError("it ends within an element");
  let value = 0;
  for (let i = 0; i < bytes; i += 1) value += (input[from + i] ?? 0) * 2 ** (8 * i);
  return value;
}
