/** For tests: writes what remote_write sends, after the same documents as the reader was, and small enough to check by eye. */

/** One series as a sender has it; labels in the order given, names as often as given. */
export interface SentSeries {
  readonly labels: readonly (readonly [name: string | Uint8Array, value: string | Uint8Array])[];
  readonly samples: readonly (readonly [value: number | bigint, time: number | bigint])[];
  readonly exemplars?: number;
  readonly histograms?: number;
}

/** A varint of 64 bits; negative numbers as two's complement. */
export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const more = rest > 0x7fn;
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

/** A field of the wire type `bytes`. */
export function field(number: number, content: Uint8Array | readonly number[]): Buffer {
  const head = Buffer.from([...varint(number * 8 + 2), ...varint(content.length)]);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** A float64, little-endian; a bigint is its bits. */
export function float64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  if (typeof value === "bigint") bytes.writeBigUInt64LE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

/** The message `Sample`. */
export function sampleOf(value: number | bigint, time: number | bigint): Buffer {
  return Buffer.concat([Buffer.from([0x09]), float64(value), Buffer.from([0x10, ...varint(time)])]);
}

/** The message `TimeSeries`. */
export function seriesOf({ labels, samples, exemplars = 0, histograms = 0 }: SentSeries): Buffer {
  const text = (value: string | Uint8Array): Uint8Array => Buffer.from(value);
  return Buffer.concat([
    ...labels.map(([name, value]) =>
      field(1, Buffer.concat([field(1, text(name)), field(2, text(value))])),
    ),
    ...samples.map(([value, time]) => field(2, sampleOf(value, time))),
    ...Array.from({ length: exemplars }, () => field(3, sampleOf(1, 2))),
    ...Array.from({ length: histograms }, () => field(4, [0x10, 1])),
  ]);
}

/** The message `WriteRequest`, with `metadata` messages of metadata. */
export function requestOf(series: readonly SentSeries[], metadata = 0): Buffer {
  return Buffer.concat([
    ...series.map((one) => field(1, seriesOf(one))),
    ...Array.from({ length: metadata }, () => field(3, field(2, Buffer.from("up")))),
  ]);
}

/** A series with plain labels and one sample. */
export function plainSeries(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
  time: number,
): SentSeries {
  return { labels: [["__name__", name], ...Object.entries(labels)], samples: [[value, time]] };
}

/** Snappy without any copies. */
export function stored(text: Uint8Array): Buffer {
  const parts: Buffer[] = [Buffer.from(varint(text.length))];
  for (let from = 0; from < text.length; from += 65_536) {
    parts.push(literal(text.subarray(from, from + 65_536)));
  }
  return Buffer.concat(parts);
}

/**
 * Snappy as a compressor makes it: what came within the last 64 KiB is copied, in the shortest of the three forms.
 * `wide`: in the form with four bytes of offset.
 */
export function compressed(text: Uint8Array, wide = false): Buffer {
  const parts: Buffer[] = [Buffer.from(varint(text.length))];
  const seen = new Map<number, number>();
  const view = Buffer.from(text);
  let literalFrom = 0;
  for (let at = 0; at + 4 <= text.length;) {
    const four = view.readUInt32LE(at);
    const before = seen.get(four) ?? -1;
    seen.set(four, at);
    if (before < 0 || at - before > 65_535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (
      length < 64 &&
      at + length < text.length &&
      text[before + length] === text[at + length]
    ) {
      length += 1;
    }
    if (literalFrom < at) parts.push(literal(text.subarray(literalFrom, at)));
    parts.push(copy(at - before, length, wide));
    at += length;
    literalFrom = at;
  }
  if (literalFrom < text.length) parts.push(literal(text.subarray(literalFrom)));
  return Buffer.concat(parts);
}

function literal(bytes: Uint8Array): Buffer {
  const size = bytes.length - 1;
  const head: number[] = [];
  if (size < 60) head.push(size << 2);
  else {
    const length = size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4;
    head.push((59 + length) << 2);
    for (let i = 0; i < length; i += 1) head.push(Math.floor(size / 2 ** (8 * i)) & 0xff);
  }
  return Buffer.concat([Buffer.from(head), bytes]);
}

function copy(offset: number, length: number, wide: boolean): Buffer {
  if (wide) {
    const bytes = Buffer.alloc(5, ((length - 1) << 2) | 3);
    bytes.writeUInt32LE(offset, 1);
    return bytes;
  }
  if (length <= 11 && offset < 2048) {
    return Buffer.from([((offset >> 8) << 5) | ((length - 4) << 2) | 1, offset & 0xff]);
  }
  return Buffer.from([((length - 1) << 2) | 2, offset & 0xff, offset >> 8]);
}
