/**
 * How far each series has come at a receiver that takes nothing out of order, by number: what is behind is known without
 * asking. It decides nothing before the receiver has refused such a sample, and forgets that after ten minutes: another
 * receiver may be there by then, or the same one with `out_of_order_time_window`.
 */
import type { SeriesPart } from "./request.ts";

const strictForMs = 10 * 60_000;

export class SeriesTimes {
  #newest = new Float64Array(1024).fill(-Infinity);
  #strictUntilMs = -Infinity;

  /** Numbers mean something else from now on. */
  clear(): void {
    this.#newest = new Float64Array(1024).fill(-Infinity);
  }

  /** These samples were taken. */
  taken(parts: readonly SeriesPart[], times: ArrayLike<number>): void {
    for (const { ref, places } of parts) {
      if (ref >= this.#newest.length) this.#makeRoom(ref);
      const last = times[places.at(-1) ?? 0] ?? 0;
      if (last > (this.#newest[ref] ?? 0)) this.#newest[ref] = last;
    }
  }

  #makeRoom(ref: number): void {
    const wider = new Float64Array(Math.max(ref + 1, this.#newest.length * 2)).fill(-Infinity);
    wider.set(this.#newest);
    this.#newest = wider;
  }

  /** The receiver refused a sample as late; `nowMs`: monotonic. */
  refusedLate(nowMs: number): void {
    this.#strictUntilMs = nowMs + strictForMs;
  }

  /** What is left without samples known to be refused. The same list where there are none. */
  withoutLate(
    parts: readonly SeriesPart[],
    times: ArrayLike<number>,
    nowMs: number,
  ): readonly SeriesPart[] {
    if (nowMs >= this.#strictUntilMs) return parts;
    const isBehind = ({ ref, places }: SeriesPart): boolean =>
      (times[places[0] ?? 0] ?? 0) <= (this.#newest[ref] ?? -Infinity);
    if (!parts.some(isBehind)) return parts;
    return parts.flatMap((part) => {
      if (!isBehind(part)) return [part];
      const newest = this.#newest[part.ref] ?? -Infinity;
      const places = part.places.filter((place) => (times[place] ?? 0) > newest);
      return places.length === 0 ? [] : [{ ref: part.ref, places }];
    });
  }
}
