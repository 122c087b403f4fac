/**
 * Columns of one source over the same instants. The instants stand once, at the head; the columns follow in groups of
 * neighbouring slots, each small enough that reading one series does not unpack the others. A block of one small group
 * holds it in its head. The bytes are on the page `FORMAT.md`, under "Block" and "Group".
 */
import { ByteReader, ByteWriter } from "./bytes.ts";
import { ColumnScratch, decodeColumn, encodeColumn } from "./column.ts";
import { formats, unwrapAll, wrap, type ZstdLevel } from "./wrap.ts";

/** A group is closed when its columns have this many bytes before zstd; larger ones from every 512th group on. */
const groupBytes = 16 * 1024;
const groupsOfOneSize = 512;

/** A single group of at most this many bytes, packed, stays in the head. */
const inlineBytes = 4 * 1024;

/** What became of the columns: `groups` is empty when the head holds them. */
export interface EncodedBlock {
  readonly head: Uint8Array;
  readonly groups: readonly Uint8Array[];
}

/** Takes the columns of a block in ascending order of their slots; each slot has `fields` columns, one after another. */
export class BlockWriter {
  readonly #times: Float64Array;
  readonly #level: ZstdLevel;
  readonly #fields: number;
  readonly #inline: boolean;
  readonly #scratch: ColumnScratch;
  readonly #columns = new ByteWriter(groupBytes * 2);
  readonly #firstSlots: number[] = [];
  readonly #groups: Uint8Array[] = [];
  #slots: number[] = [];
  #sizes: number[] = [];
  #lastBody: Uint8Array = new Uint8Array(0);

  constructor(
    times: Float64Array,
    options: {
      readonly fields: number;
      readonly level: ZstdLevel;
      readonly scratch?: ColumnScratch;
      /** All columns in the head, however many they are. */
      readonly inline?: boolean;
    },
  ) {
    this.#times = times;
    this.#level = options.level;
    this.#fields = options.fields;
    this.#inline = options.inline ?? false;
    this.#scratch = options.scratch ?? new ColumnScratch();
  }

  /**
   * Adds the next column; at least one of `present` is not 0. Gives its number of decimals (see `encodeColumn`). A
   * slot is named once, with its first column.
   */
  add(slot: number, values: Float64Array, present: Uint8Array | null): number {
    const isFirst = this.#sizes.length % this.#fields === 0;
    if (isFirst && !this.#inline && this.#columns.length >= this.#groupLimit()) this.#closeGroup();
    if (isFirst) this.#slots.push(slot);
    const start = this.#columns.length;
    const decimals = encodeColumn(this.#columns, values, present, this.#scratch);
    this.#sizes.push(this.#columns.length - start);
    return decimals;
  }

  /** The block, with its only group inside the head where it is small. */
  finish(): EncodedBlock {
    this.#closeGroup();
    const [only, ...others] = this.#groups;
    const isInline = others.length === 0 && (this.#inline || (only?.length ?? 0) <= inlineBytes);
    const head = new ByteWriter(this.#times.length + this.#lastBody.length + 64);
    head.unsigned(this.#times.length);
    const times = new ByteWriter(this.#times.length + 64);
    if (this.#times.length > 0) encodeColumn(times, this.#times, null, this.#scratch);
    head.unsigned(times.length);
    head.raw(times.bytes.subarray(0, times.length));
    head.unsigned(isInline ? 0 : this.#groups.length);
    if (isInline) {
      head.raw(this.#lastBody);
    } else {
      let before = 0;
      for (const slot of this.#firstSlots) {
        head.unsigned(slot - before);
        before = slot;
      }
    }
    return {
      head: wrap(formats.block, head.bytes.subarray(0, head.length), this.#level),
      groups: isInline ? [] : this.#groups,
    };
  }

  /** Doubles now and then, so that no block has more groups than its rows can number. */
  #groupLimit(): number {
    return groupBytes * 2 ** Math.floor(this.#groups.length / groupsOfOneSize);
  }

  #closeGroup(): void {
    if (this.#slots.length === 0 && this.#groups.length > 0) return;
    this.#firstSlots.push(this.#slots[0] ?? 0);
    this.#lastBody = this.#groupBody();
    this.#groups.push(
      this.#inline ? this.#lastBody : wrap(formats.group, this.#lastBody, this.#level),
    );
    this.#slots = [];
    this.#sizes = [];
    this.#columns.length = 0;
  }

  #groupBody(): Uint8Array {
    const body = new ByteWriter(this.#columns.length + this.#sizes.length * 3 + 16);
    body.unsigned(this.#slots.length);
    let before = 0;
    for (const slot of this.#slots) {
      body.unsigned(slot - before);
      before = slot;
    }
    for (const size of this.#sizes) body.unsigned(size);
    body.raw(this.#columns.bytes.subarray(0, this.#columns.length));
    return body.take();
  }
}

/** Times have no gaps, so nothing is ever written here. */
const noGaps = new Uint8Array(0);

/** A group that was unpacked: which slots it has and where their columns begin. */
export class GroupReader {
  readonly slots: readonly number[];
  readonly #body: Uint8Array;
  readonly #starts: readonly number[];
  readonly #fields: number;

  constructor(body: Uint8Array, fields: number) {
    const reader = new ByteReader(body);
    const count = reader.unsigned();
    const slots: number[] = [];
    let slot = 0;
    for (let i = 0; i < count; i += 1) {
      slot += reader.unsigned();
      slots.push(slot);
    }
    const sizes: number[] = [];
    for (let i = 0; i < count * fields; i += 1) sizes.push(reader.unsigned());
    let at = reader.at;
    this.#starts = sizes.map((size) => {
      at += size;
      return at - size;
    });
    this.slots = slots;
    this.#body = body;
    this.#fields = fields;
  }

  static unpackAll(blobs: readonly Uint8Array[], fields: number): readonly GroupReader[] {
    return unwrapAll(formats.group, blobs).map((body) => new GroupReader(body, fields));
  }

  /** The place of a slot in `slots`; -1 when it has none. */
  placeOf(slot: number): number {
    const place = lastNotAbove(this.slots, slot);
    return this.slots[place] === slot ? place : -1;
  }

  /** Reads a column by the place of its slot in `slots`; see `decodeColumn`. */
  read(place: number, field: number, values: Float64Array, present: Uint8Array): boolean {
    const start = this.#starts[place * this.#fields + field];
    if (start === undefined) throw new RangeError(`no column ${place}.${field} in a chunk`);
    return decodeColumn(this.#body, start, values, present);
  }
}

/** The head of a block that was unpacked. */
export class BlockReader {
  /** How many instants the block has. */
  readonly length: number;
  /** The group in the head; null when the groups are in rows of their own. */
  readonly inlineGroup: GroupReader | null;
  readonly groupCount: number;
  readonly #firstSlots: readonly number[];
  readonly #timesColumn: Uint8Array;
  #times: Float64Array | undefined;

  static unpackAll(heads: readonly Uint8Array[], fields: number): readonly BlockReader[] {
    return unwrapAll(formats.block, heads).map((body) => new BlockReader(body, fields));
  }

  constructor(body: Uint8Array, fields: number) {
    const reader = new ByteReader(body);
    this.length = reader.unsigned();
    this.#timesColumn = reader.raw(reader.unsigned());
    this.groupCount = reader.unsigned();
    const firstSlots: number[] = [];
    let slot = 0;
    for (let i = 0; i < this.groupCount; i += 1) {
      slot += reader.unsigned();
      firstSlots.push(slot);
    }
    this.#firstSlots = firstSlots;
    this.inlineGroup =
      this.groupCount === 0 ? new GroupReader(body.subarray(reader.at), fields) : null;
  }

  /** Ascending, epoch ms. */
  get times(): Float64Array {
    if (this.#times === undefined) {
      this.#times = new Float64Array(this.length);
      if (this.length > 0) {
        decodeColumn(this.#timesColumn, 0, this.#times, noGaps);
      }
    }
    return this.#times;
  }

  /** The group that holds a slot, if any does; -1 when it lies before the first. */
  groupOf(slot: number): number {
    return lastNotAbove(this.#firstSlots, slot);
  }
}

/** Index of the last number that is not above `bound`, in ascending numbers; -1 when all are. */
function lastNotAbove(numbers: readonly number[], bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
