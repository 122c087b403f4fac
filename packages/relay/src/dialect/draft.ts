/** What every dialect is first read into: all that a client said, in the words of the contract, before it has a key. */
import type { JobEvent } from "@belfry/contract";

/** An event whose key is as the client gave it, or null. */
export interface Draft extends Omit<JobEvent, "idempotency_key" | "received_at"> {
  /** Null where the client gave none. */
  readonly key: string | null;
  /** Whether another event may have the same key: then what it says is part of its key. */
  readonly isKeyLoose: boolean;
  /** Whether the client said when it happened; else it is the time it was taken in. */
  readonly hasTime: boolean;
}
