/** The store's side of what hubs on one PostgreSQL share beside monitors. */
import type { AnswerClaim } from "../model/access.ts";
import type { RequestCount } from "../model/request-count.ts";
import type { SeriesTailStore } from "../model/series-tail.ts";
import type { CallByName } from "./alert-setting-calls.ts";

/** What several hubs ask of one database; on SQLite there is one process, and nobody asks. */
export interface SharedStore extends SeriesTailStore {
  /**
   * Adds to what all hubs counted; answers with the sums, in any order. No two of the counts are of the same subject and
   * span. Rejects with `internal` on SQLite.
   */
  countRequests(counts: readonly RequestCount[]): Promise<readonly RequestCount[]>;
  /**
   * Says that somebody is about to give an answer that `rememberAnswer` will keep; false: it was given, or somebody else
   * said so within the last minute (by `at`, epoch ms).
   */
  claimAnswer(claim: AnswerClaim): Promise<boolean>;
  /** Takes that back. */
  releaseAnswer(principal: string, key: string): Promise<void>;
}

/** Makes the calls. */
export function sharedCalls(reads: CallByName, writes: CallByName): SharedStore {
  return {
    seriesTail: reads("seriesTail"),
    tailSources: reads("tailSources"),
    countRequests: writes("countRequests"),
    claimAnswer: writes("claimAnswer"),
    releaseAnswer: writes("releaseAnswer"),
  };
}
