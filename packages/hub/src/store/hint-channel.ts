/** Where notifications of PostgreSQL go. Beside `hint-payload.ts`, which the main thread needs too, and not Kysely. */
import { sql } from "kysely";

/** What processes on one database listen to; schemas of one database have one each. */
export const hintChannel = sql<string>`'belfry_' || md5(current_schema())`;
