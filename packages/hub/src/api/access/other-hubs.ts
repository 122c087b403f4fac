/** What hubs on one database tell one another about who is let in. */
import type { AnswerClaim } from "../../model/access.ts";
import type { CountStore } from "./shared-counts.ts";

export interface OtherHubs {
  /** Calls when keys or sessions may have been changed at another hub. */
  onKeys(listener: () => Promise<void>): void;
  /** Where hubs count together what is allowed only so often; null: this one is alone. */
  readonly counts: CountStore | null;
  /** Where hubs see what another one is about to answer; null: this one is alone. */
  readonly claims: ClaimStore | null;
}

/** Requests with an `Idempotency-Key` that are under way at some hub. */
export interface ClaimStore {
  /** true: this hub answers it. false: it was answered, or another hub is about to. */
  claimAnswer(claim: AnswerClaim): Promise<boolean>;
  /** It was not answered after all. */
  releaseAnswer(principal: string, key: string): Promise<void>;
}

/** A hub that is alone. */
export const noOtherHubs: OtherHubs = { onKeys: () => undefined, counts: null, claims: null };
