/** What hubs on one database tell one another about who is let in. */
import type { CountStore } from "./shared-counts.ts";

export interface OtherHubs {
  /** Calls when keys or sessions may have been changed at another hub. */
  onKeys(listener: () => Promise<void>): void;
  /** Where hubs count together what is allowed only so often; null: this one is alone. */
  readonly counts: CountStore | null;
}

/** A hub that is alone. */
export const noOtherHubs: OtherHubs = { onKeys: () => undefined, counts: null };
