/** Statements of the tables of series in a transaction. */
import type { Row } from "../series/rows.ts";
import { groupsPerBlock } from "../series/schema.ts";

/** Runs one statement; gives its rows and how many it changed. */
export type Query = (
  text: string,
  ...values: readonly unknown[]
) => Promise<{ readonly rows: readonly Row[]; readonly changed: number }>;

/** Deletes blocks with their groups; says how many there were. */
export async function deleteBlocks(query: Query, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  await query(
    `delete from series_group using unnest($1::bigint[]) as block (id)
    where series_group.id >= block.id * ${groupsPerBlock} and series_group.id < (block.id + 1) * ${groupsPerBlock}`,
    ids,
  );
  const { changed } = await query("delete from series_block where id = any($1::bigint[])", ids);
  return changed;
}
