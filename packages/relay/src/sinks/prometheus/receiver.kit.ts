/**
 * A fake of a receiver of remote_write 1.0 for tests, built after the specification and after what Prometheus 2.42 answers:
 * it takes a request as a whole or not at all, refuses what is behind its series, and is stricter than any real one about
 * the form (headers, sorted labels, no empty ones, names, rising times).
 */
import assert from "node:assert/strict";
import { uncompress } from "snappyjs";
import {
  startStrictServer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";

export interface TakenSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [timeMs: number, value: number])[];
}

export interface Receiver extends StrictServer {
  /** By their labels as JSON, in the order they came. */
  readonly series: ReadonlyMap<string, TakenSeries>;
  /** `name` and labels that fit → its samples, in the order they came. */
  samples(
    name: string,
    labels?: Readonly<Record<string, string>>,
  ): readonly (readonly [number, number])[];
  /** Series with such a label are refused as Prometheus refuses what is out of bounds. */
  refuse(label: string, value: string): void;
}

interface KeptSeries extends TakenSeries {
  readonly samples: [number, number][];
  readonly byTime: Map<number, number>;
}

const token = "a-token-that-is-right";

/** The authorization it asks for. */
export const receiverToken = token;

export interface ReceiverSettings {
  /** Takes samples in any order, as VictoriaMetrics does. Default false. */
  readonly takesLate?: boolean;
}

/** Starts it on a free port of loopback. */
export async function startReceiver({
  takesLate = false,
}: ReceiverSettings = {}): Promise<Receiver> {
  const series = new Map<string, KeptSeries>();
  const refused: [label: string, value: string][] = [];
  const server = await startStrictServer((request) => {
    const given = request.headers["authorization"];
    if (given !== `Bearer ${token}`) return { status: 401, body: `no: ${String(given)}` };
    const came = readRequest(request);
    for (const { labels } of came) {
      for (const [label, value] of refused) {
        if (labels[label] === value) return { status: 400, body: "out of bounds\n" };
      }
    }
    const problem = takesLate ? undefined : orderProblem(came);
    if (problem !== undefined) return { status: 400, body: `${problem}\n` };
    for (const { labels, samples } of came) {
      const key = keyOf(labels);
      const known: KeptSeries = series.get(key) ?? { labels, samples: [], byTime: new Map() };
      series.set(key, known);
      for (const [at, value] of samples) {
        if (known.byTime.has(at)) continue;
        known.byTime.set(at, value);
        known.samples.push([at, value]);
      }
    }
    return { status: 204 };
  });

  function orderProblem(came: readonly TakenSeries[]): string | undefined {
    for (const { labels, samples } of came) {
      const last = series.get(keyOf(labels))?.samples.at(-1);
      for (const [at, value] of samples) {
        if (last !== undefined && at < last[0]) return "out of order sample";
        if (last !== undefined && at === last[0] && !Object.is(value, last[1])) {
          return "duplicate sample for timestamp";
        }
      }
    }
    return undefined;
  }

  return {
    ...server,
    series,
    samples: (name, labels = {}) =>
      [...series.values()]
        .filter((one) =>
          Object.entries({ __name__: name, ...labels }).every(([k, v]) => one.labels[k] === v),
        )
        .flatMap((one) => one.samples),
    refuse: (label, value) => void refused.push([label, value]),
  };
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels));
}

/** The series of a request; throws for every offence against the specification. */
function readRequest({ method, headers, body }: TakenRequest): readonly TakenSeries[] {
  assert.equal(method, "POST");
  assert.equal(headers["content-type"], "application/x-protobuf");
  assert.equal(headers["content-encoding"], "snappy");
  assert.equal(headers["x-prometheus-remote-write-version"], "0.1.0");
  assert.ok(headers["user-agent"]);
  const text = uncompress(new Uint8Array(body), 32 * 1024 * 1024);
  const seen = new Set<string>();
  return [...fieldsOf(text)].map(({ field, content }) => {
    assert.equal(field, 1);
    const one = readSeries(content);
    const key = keyOf(one.labels);
    assert.ok(!seen.has(key), `${key} comes twice in a request`);
    seen.add(key);
    return one;
  });
}

function readSeries(bytes: Uint8Array): TakenSeries {
  const labels: [string, string][] = [];
  const samples: [number, number][] = [];
  for (const { field, content } of fieldsOf(bytes)) {
    if (field === 1) labels.push(readLabel(content));
    else if (field === 2) samples.push(readSample(content));
    else assert.fail(`field ${field} of a series`);
  }
  const names = labels.map(([name]) => name);
  assert.deepEqual(names, [...new Set(names)].toSorted(), "labels are sorted, none twice");
  assert.match(
    labels.find(([name]) => name === "__name__")?.[1] ?? "",
    /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
  );
  for (const [name, value] of labels) {
    assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
    assert.ok(value !== "" && Buffer.byteLength(value) <= 4096, `${name} is empty or too long`);
  }
  assert.ok(samples.length > 0);
  for (const [i, [at]] of samples.entries()) {
    assert.ok(i === 0 || at > (samples[i - 1]?.[0] ?? at), "times rise");
  }
  return { labels: Object.fromEntries(labels), samples };
}

function readLabel(bytes: Uint8Array): [string, string] {
  const text = new TextDecoder("utf-8", { fatal: true });
  const [name, value, ...others] = [...fieldsOf(bytes)];
  assert.deepEqual([name?.field, value?.field, others.length], [1, 2, 0]);
  return [text.decode(name?.content), text.decode(value?.content)];
}

function readSample(bytes: Uint8Array): [number, number] {
  let value = 0;
  let timeMs = 0;
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at];
    if (tag === 0x09) {
      value = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 8).getFloat64(0, true);
      at += 9;
    } else {
      assert.equal(tag, 0x10);
      const read = readVarint(bytes, at + 1);
      timeMs = Number(BigInt.asIntN(64, read.value));
      at = read.end;
    }
  }
  return [timeMs, value];
}

function* fieldsOf(bytes: Uint8Array): Generator<{ field: number; content: Uint8Array }> {
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    assert.equal(Number(tag.value & 7n), 2, "only fields of bytes here");
    const length = readVarint(bytes, tag.end);
    const end = length.end + Number(length.value);
    assert.ok(end <= bytes.length, "a field ends after its message");
    yield { field: Number(tag.value >> 3n), content: bytes.subarray(length.end, end) };
    at = end;
  }
}

function readVarint(bytes: Uint8Array, from: number): { value: bigint; end: number } {
  let value = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[from + i] ?? assert.fail("a number ends too soon");
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  return assert.fail("a number is too long");
}
