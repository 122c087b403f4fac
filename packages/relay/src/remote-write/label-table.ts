/** The labels of series by their numbers, as the bytes they are sent as: made once, copied into every request. */
import { encodeWriteRequest, type Label } from "../sinks/prometheus/write-request.ts";

const unknown = 0xffff_ffff;
const unwanted = 0xffff_fffe;

export class LabelTable {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;
  #from = new Uint32Array(1024).fill(unknown);
  #length = new Uint32Array(1024);

  /** Bytes of all labels. */
  get bytes(): number {
    return this.#used;
  }

  /** Says what a number stands for; `undefined`: a series that is not sent. */
  set(ref: number, labels: readonly Label[] | undefined): void {
    this.#makeRoom(ref);
    if (labels === undefined) {
      this.#from[ref] = unwanted;
      return;
    }
    const encoded = labelBytes(labels);
    if (this.#used + encoded.length > this.#bytes.length) {
      const wider = Buffer.allocUnsafeSlow(
        Math.max(this.#bytes.length * 2, this.#used + encoded.length),
      );
      this.#bytes.copy(wider, 0, 0, this.#used);
      this.#bytes = wider;
    }
    this.#bytes.set(encoded, this.#used);
    this.#from[ref] = this.#used;
    this.#length[ref] = encoded.length;
    this.#used += encoded.length;
  }

  #makeRoom(ref: number): void {
    const room = this.#from.length;
    if (ref < room) return;
    const from = new Uint32Array(Math.max(ref + 1, room * 2)).fill(unknown);
    from.set(this.#from);
    const length = new Uint32Array(from.length);
    length.set(this.#length);
    this.#from = from;
    this.#length = length;
  }

  /** Whether a series is sent; undefined: its number stands for nothing. */
  isWanted(ref: number): boolean | undefined {
    const from = this.#from[ref] ?? unknown;
    return from === unknown ? undefined : from !== unwanted;
  }

  /** Size of a series' labels, bytes. */
  sizeOf(ref: number): number {
    return this.#length[ref] ?? 0;
  }

  /** Copies a series' labels; the offset behind them. */
  copy(ref: number, to: Buffer, at: number): number {
    const from = this.#from[ref] ?? 0;
    return at + this.#bytes.copy(to, at, from, from + this.sizeOf(ref));
  }
}

/** The fields of a TimeSeries that are its labels: a request of one series without samples, without its head. */
function labelBytes(labels: readonly Label[]): Uint8Array {
  const request = encodeWriteRequest([{ labels, samples: [] }]);
  let at = 1;
  while ((request[at] ?? 0) >= 0x80) at += 1;
  return request.subarray(at + 1);
}
