/** What outputs are given: what is known of one finished check. */
export type { CheckRecord as OutputRecord } from "./sink-record.ts";
