/**
 * `/run/utmp`: records of one size (`man 5 utmp`, little-endian). On x86-64 a record has 384 bytes, because its times are
 * those of 32-bit programs; on ARM64 it has 400.
 *
 *   at   bytes  what
 *   0    2      type: 7 is a person's login
 *   4    4      process
 *   8    32     terminal, without /dev/
 *   44   32     user
 *   76   256    where from
 *   340  4      384: seconds since 1970, then microseconds
 *   344  8      400: the same
 */
import type { HostDetails } from "@belfry/contract";
import { hostText, hostTextOrNone, present } from "./host-text.ts";

type User = NonNullable<HostDetails["users"]>[number];

const userProcess = 7;
const largestType = 9;
const mostRecords = 10_000;

/** People that are logged in; none where the bytes are in neither layout. */
export function parseUtmp(bytes: Buffer): User[] {
  const size = [384, 400].find((candidate) => isLayout(bytes, candidate));
  if (size === undefined) return [];
  const users: User[] = [];
  const end = Math.min(bytes.length, size * mostRecords);
  for (let at = 0; at + size <= end; at += size) {
    const record = bytes.subarray(at, at + size);
    const name = hostText(fieldText(record, 44, 32), 256);
    if (record.readInt16LE(0) !== userProcess || name === "") continue;
    const seconds = size === 384 ? record.readUInt32LE(340) : Number(record.readBigInt64LE(344));
    users.push(
      present<User>({
        name,
        terminal: hostTextOrNone(fieldText(record, 8, 32), 64),
        from: hostTextOrNone(fieldText(record, 76, 256)),
        since: seconds > 0 && seconds < 8e12 ? new Date(seconds * 1000).toISOString() : undefined,
      }),
    );
  }
  return users;
}

/** Whether records of this size all have a known type and the two zero bytes behind it. */
function isLayout(bytes: Buffer, size: number): boolean {
  if (bytes.length === 0 || bytes.length % size !== 0) return false;
  for (let at = 0; at < bytes.length; at += size) {
    const type = bytes.readInt16LE(at);
    if (type < 0 || type > largestType || bytes.readInt16LE(at + 2) !== 0) return false;
  }
  return true;
}

/** Bytes up to the first zero; a full field has none. */
function fieldText(record: Buffer, start: number, length: number): string {
  const field = record.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}
