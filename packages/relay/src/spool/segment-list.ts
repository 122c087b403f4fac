/** The segments of a log in their order, and the sequences that should be among them and are not. */
import { headerBytes } from "./record.ts";
import type { Gap } from "./scan.ts";
import type { Segment } from "./segment.ts";

/** What there is from a sequence on. */
export interface Backlog {
  readonly records: number;
  /** Within a segment in proportion. */
  readonly bytes: number;
  /** Epoch ms of the first of them; undefined when there is none. */
  readonly oldestAt: number | undefined;
}

export class SegmentList {
  #segments: readonly Segment[];
  #gaps: readonly Gap[];

  constructor(segments: readonly Segment[], gaps: readonly Gap[]) {
    this.#segments = segments;
    this.#gaps = gaps;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** The segment a reader at a sequence reads next. */
  from(sequence: number): Segment | undefined {
    return this.#segments.find(
      ({ records, lastSequence }) => records > 0 && lastSequence >= sequence,
    );
  }

  /** One more at the end. */
  add(segment: Segment): void {
    const last = this.#segments.at(-1);
    if (last !== undefined) this.#miss(last.lastSequence + 1, segment.firstSequence - 1);
    this.#segments = [...this.#segments, segment];
  }

  /** Takes one out whose records nobody needs. */
  remove(segment: Segment): void {
    this.#segments = this.#segments.filter((one) => one !== segment);
    const first = this.oldest?.firstSequence;
    if (first !== undefined) this.#gaps = this.#gaps.filter(({ last }) => last >= first);
  }

  /** Takes one out whose records were needed. */
  lose(segment: Segment): void {
    this.#segments = this.#segments.filter((one) => one !== segment);
    this.#forgetGaps(segment);
    this.#miss(segment.firstSequence, segment.lastSequence);
  }

  /** Puts what is left of a segment in its place. */
  replace(segment: Segment, healed: Segment, gaps: readonly Gap[]): void {
    const place = this.#segments.indexOf(segment);
    if (place === -1) return;
    this.#segments = this.#segments.with(place, healed);
    this.#forgetGaps(segment);
    this.#gaps = [...this.#gaps, ...gaps];
    this.#miss(healed.lastSequence + 1, segment.lastSequence);
  }

  #forgetGaps({ firstSequence, lastSequence }: Segment): void {
    this.#gaps = this.#gaps.filter(({ first }) => first < firstSequence || first > lastSequence);
  }

  #miss(first: number, last: number): void {
    if (first <= last) this.#gaps = [...this.#gaps, { first, last }];
  }

  /** The last of the missing sequences a sequence is among; undefined when it is none of them. */
  gapEnd(sequence: number): number | undefined {
    return this.#gaps.find(({ first, last }) => first <= sequence && sequence <= last)?.last;
  }

  /** How many sequences are missing. */
  get missing(): number {
    return this.#gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get records(): number {
    return this.#segments.reduce((sum, { records }) => sum + records, 0);
  }

  /** What there is from a sequence on. */
  backlog(from: number): Backlog {
    let records = 0;
    let bytes = 0;
    let oldestAt: number | undefined;
    for (const segment of this.#segments) {
      const { firstSequence, lastSequence } = segment;
      if (lastSequence < from || segment.records === 0) continue;
      const begin = Math.max(from, firstSequence);
      const wanted = lastSequence - begin + 1;
      records += wanted;
      bytes += Math.round(
        ((segment.bytes - headerBytes) * wanted) / (lastSequence - firstSequence + 1),
      );
      oldestAt ??= segment.timeOf(begin);
      for (const { first, last } of this.#gaps) {
        if (first >= firstSequence && last <= lastSequence) {
          records -= Math.max(0, last - Math.max(first, begin) + 1);
        }
      }
    }
    return { records, bytes, oldestAt };
  }
}
