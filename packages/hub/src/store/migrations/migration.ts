/** One step of the schema. */
import type { Kysely } from "kysely";
import type { Engine } from "../tables.ts";

/** A handle on tables that a migration makes itself: what it reads and writes has no type yet. */
export type Schema = Kysely<Record<string, Record<string, unknown>>>;

/**
 * `name` begins with its number and never changes once released. `down` undoes `up` and may lose what only the newer
 * schema could hold. Migrations are made in the expand/contract manner: the release before must run on the schema
 * after `up`.
 */
export interface Migration {
  readonly name: string;
  up(schema: Schema, engine: Engine): Promise<void>;
  down(schema: Schema, engine: Engine): Promise<void>;
}
