/** Follows something while a component is shown. */
import { useEffect, useMemo } from "preact/hooks";
import type { Reply } from "../api/failure.ts";
import { useParts } from "../shell/parts.ts";
import { createFollowed, type Followed } from "./followed.ts";

interface FollowOptions<T> {
  readonly everyMs?: number;
  readonly merge?: (fresh: T, former: T | null) => T;
}

/** Asks anew, and for something else, when `key` changes. */
export function useFollowed<T>(
  key: string,
  ask: () => Promise<Reply<T>>,
  { everyMs, merge }: FollowOptions<T> = {},
): Followed<T> {
  const { live } = useParts();
  const followed = useMemo(
    () =>
      createFollowed<T>({
        live,
        ask,
        isSeen: () => !document.hidden,
        everyMs: everyMs ?? null,
        ...(merge === undefined ? {} : { merge }),
      }),
    [key],
  );
  useEffect(() => () => followed[Symbol.dispose](), [followed]);
  return followed;
}
