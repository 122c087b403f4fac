/**
 * Writes the message of Prometheus remote_write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/), protobuf:
 *
 *     WriteRequest  1: TimeSeries …
 *     TimeSeries    1: Label …   2: Sample …
 *     Label         1: name      2: value          text, UTF-8
 *     Sample        1: value, float64   2: time, int64, epoch ms
 *
 * As proto3 has it, a value or time of 0 is left out. The sizes are counted first, so that everything is written once, into
 * one buffer. What a receiver asks for (labels sorted by name, none twice, times rising) is the caller's to keep to.
 */

export type Label = readonly [name: string, value: string];

export interface Sample {
  readonly value: number;
  /** Epoch ms, a whole number. */
  readonly timeMs: number;
}

export interface WrittenSeries {
  /** With `__name__`; sorted by name. */
  readonly labels: readonly Label[];
  /** Times rise. */
  readonly samples: readonly Sample[];
}

/** The bytes of a WriteRequest, not compressed. Text that is no UTF-16 is written with U+FFFD in its place. */
export function encodeWriteRequest(series: readonly WrittenSeries[]): Uint8Array<ArrayBuffer> {
  const sizes = series.map(sizeOfSeries);
  const bytes = Buffer.allocUnsafeSlow(
    sizes.reduce((sum, { total }) => sum + sizeOfField(total), 0),
  );
  let at = 0;
  for (const [i, one] of series.entries()) {
    const size = sizes[i];
    if (size === undefined) break;
    at = writeHead(bytes, at, 1, size.total);
    at = writeSeries(bytes, at, one, size.labels);
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, at);
}

interface SeriesSize {
  readonly total: number;
  /** Of each label: its whole message, and its two texts. */
  readonly labels: readonly LabelSize[];
}

interface LabelSize {
  readonly total: number;
  readonly name: number;
  readonly value: number;
}

function sizeOfSeries({ labels, samples }: WrittenSeries): SeriesSize {
  let total = 0;
  const sizes = labels.map(([label, text]): LabelSize => {
    const name = Buffer.byteLength(label);
    const value = Buffer.byteLength(text);
    const size = sizeOfField(name) + sizeOfField(value);
    total += sizeOfField(size);
    return { total: size, name, value };
  });
  for (const sample of samples) total += sizeOfField(sizeOfSample(sample));
  return { total, labels: sizes };
}

function sizeOfSample({ value, timeMs }: Sample): number {
  return (Object.is(value, 0) ? 0 : 9) + (timeMs === 0 ? 0 : 1 + sizeOfVarint(timeMs));
}

/** A field of bytes: its tag, its length, and its content of so many bytes. */
function sizeOfField(content: number): number {
  return 1 + sizeOfVarint(content) + content;
}

function sizeOfVarint(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeSeries(
  bytes: Buffer,
  from: number,
  { labels, samples }: WrittenSeries,
  sizes: readonly LabelSize[],
): number {
  let at = from;
  for (const [i, [name, value]] of labels.entries()) {
    const size = sizes[i];
    if (size === undefined) break;
    at = writeHead(bytes, at, 1, size.total);
    at = writeHead(bytes, at, 1, size.name);
    at += bytes.write(name, at);
    at = writeHead(bytes, at, 2, size.value);
    at += bytes.write(value, at);
  }
  for (const sample of samples) {
    at = writeHead(bytes, at, 2, sizeOfSample(sample));
    if (!Object.is(sample.value, 0)) {
      bytes[at] = 0x09;
      at = bytes.writeDoubleLE(sample.value, at + 1);
    }
    if (sample.timeMs !== 0) {
      bytes[at] = 0x10;
      at = writeVarint(bytes, at + 1, sample.timeMs);
    }
  }
  return at;
}

/** The tag of a field of bytes, and how many follow. */
function writeHead(bytes: Buffer, at: number, field: number, length: number): number {
  bytes[at] = field * 8 + 2;
  return writeVarint(bytes, at + 1, length);
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  if (value < 0) return writeNegative(bytes, from, value);
  let at = from;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

/** Two's complement in 64 bits: always ten bytes. */
function writeNegative(bytes: Buffer, from: number, value: number): number {
  let rest = BigInt.asUintN(64, BigInt(value));
  for (let i = 0; i < 9; i += 1) {
    bytes[from + i] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  bytes[from + 9] = Number(rest);
  return from + 10;
}
