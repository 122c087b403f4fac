/**
 * Records of a spool file: a run of samples as a batch, with a mark, its length and a checksum before it. The bytes are on
 * the page `SPOOL.md`. Reading never throws: what is not a record is told as damage, and reading goes on at the next
 * mark.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { batchLimits, decodeBatch, encodeBatch } from "@belfry/contract/sample-batch";
import type { BatchHost } from "@belfry/contract";
import type { Run, SeriesList } from "./run.ts";
import { hashOf } from "./series-list.ts";

const mark = Buffer.from([0xb5, 0x0f, 0x5a, 0xf0]);
const headBytes = 13;
const plain = 1;
const packed = 2;

/** The head of a batch names its host; in the spool nobody asks for it. */
const nobody: BatchHost = {
  machine_id: "-",
  boot_id: "-",
  name: "-",
  version: "-",
  interval: 1,
  labels: {},
  sent_at: 0,
};

/** A run as a record. Without the list it is one that was in the record before it. */
export function recordOf(run: Run, withList: boolean, compressed: boolean): Buffer {
  const batch = encodeBatch({
    host: nobody,
    seriesHash: run.list.hash,
    series: withList ? run.list.series : null,
    seriesCount: run.list.series.length,
    times: run.times,
    values: run.values,
    ...(run.present === undefined ? {} : { present: run.present }),
    details: null,
  });
  const payload = compressed ? zstdCompressSync(batch, { pledgedSrcSize: batch.length }) : batch;
  const record = Buffer.allocUnsafe(headBytes + payload.length);
  mark.copy(record);
  record.writeUInt32LE(payload.length, 4);
  record.writeUInt8(compressed ? packed : plain, 12);
  record.set(payload, headBytes);
  record.writeUInt32LE(crc32(record.subarray(12)), 8);
  return record;
}

/** What is in a spool file. */
export interface FoundRecords {
  readonly runs: readonly Run[];
  /** Ranges of bytes that are no records. A file that ends inside a record has the last of them at its end. */
  readonly damage: readonly { readonly from: number; readonly to: number }[];
}

/** Reads the records of a file. */
export function readRecords(file: Buffer): FoundRecords {
  const runs: Run[] = [];
  const damage: { from: number; to: number }[] = [];
  const lists = new Map<string, SeriesList>();
  let at = 0;
  let bad = -1;
  while (at < file.length) {
    const payload = payloadAt(file, at);
    const run = payload === undefined ? undefined : runOf(payload.bytes, lists);
    if (payload === undefined || run === undefined) {
      if (bad < 0) bad = at;
      const next = file.indexOf(mark, at + 1);
      at = next < 0 ? file.length : next;
      continue;
    }
    if (bad >= 0) damage.push({ from: bad, to: at });
    bad = -1;
    runs.push(run);
    at = payload.end;
  }
  if (bad >= 0) damage.push({ from: bad, to: file.length });
  return { runs, damage };
}

function payloadAt(
  file: Buffer,
  at: number,
): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  if (file.length - at < headBytes || !file.subarray(at, at + 4).equals(mark)) return undefined;
  const end = at + headBytes + file.readUInt32LE(at + 4);
  if (end > file.length || crc32(file.subarray(at + 12, end)) !== file.readUInt32LE(at + 8)) {
    return undefined;
  }
  const payload = file.subarray(at + headBytes, end);
  if (file[at + 12] === plain) return { bytes: payload, end };
  return file[at + 12] === packed ? unpacked(payload, end) : undefined;
}

function unpacked(
  payload: Uint8Array,
  end: number,
): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  try {
    const bytes = zstdDecompressSync(payload, {
      maxOutputLength: batchLimits.maxBytes,
      params: { [constants.ZSTD_d_windowLogMax]: 23 },
    });
    return { bytes, end };
  } catch {
    return undefined;
  }
}

function runOf(bytes: Uint8Array, lists: Map<string, SeriesList>): Run | undefined {
  const decoded = decodeBatch(bytes, batchLimits);
  if (decoded.kind === "bad") return undefined;
  const { series, seriesHash, seriesCount, times, values, present } = decoded.value;
  if (series !== null && hashOf(series) === seriesHash) {
    lists.set(seriesHash, { hash: seriesHash, series });
  }
  const list = lists.get(seriesHash);
  if (list === undefined || list.series.length !== seriesCount) return undefined;
  return { list, times, values, ...(present === undefined ? {} : { present }) };
}
