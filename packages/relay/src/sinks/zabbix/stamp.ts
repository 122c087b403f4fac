/**
 * Times of values. Zabbix keeps one value of an item for each (clock, ns) and drops a second one without a word; so values
 * of one item must have times of their own, and the same value sent again must have the same time: then it is there once.
 *
 * The ns are those of the record's time, to which a digest of its id adds less than 1 ms. Of one item within one ms a later
 * value never gets an earlier time than the one before.
 */
import { createHash } from "node:crypto";

export interface Stamp {
  /** Epoch seconds. */
  readonly clock: number;
  /** 0 to 999,999,999 */
  readonly ns: number;
}

const lastClock = 2 ** 31 - 1;

/** The time of a record's values; undefined where Zabbix cannot keep it (before 1970, after 2038). */
export function stampOf({
  id,
  at,
}: {
  readonly id: string;
  readonly at: string;
}): Stamp | undefined {
  const ms = Date.parse(at);
  const clock = Math.floor(ms / 1000);
  if (!(clock >= 0 && clock <= lastClock)) return undefined;
  const digest = createHash("sha256").update(id).digest().readUInt32BE(0);
  // Leaves room for 100,000 values that follow within the ms.
  return { clock, ns: (ms - clock * 1000) * 1_000_000 + (digest % 900_000) };
}

/** The time of a value whose item had one at `last`: later within the same ms, else as it is. */
export function following(stamp: Stamp, last: Stamp | undefined): Stamp {
  if (last === undefined || last.clock !== stamp.clock || last.ns <= stamp.ns) return stamp;
  const isSameMs = Math.floor(last.ns / 1_000_000) === Math.floor(stamp.ns / 1_000_000);
  const isRoom = (last.ns + 1) % 1_000_000 !== 0;
  return isSameMs && isRoom ? { clock: stamp.clock, ns: last.ns + 1 } : stamp;
}
