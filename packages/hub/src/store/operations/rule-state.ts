/** What rules decided: states of troubles, and the signals that tell of them. */
import { sql } from "kysely";
import type { CommitResult } from "../../model/change.ts";
import type { KeptRuleState, RuleChange, RuleFence, RuleState } from "../../model/rule-state.ts";
import type { Signal } from "../../model/signal.ts";
import { fromJson, inChunks, keyText, rowsPerStatement, toJson } from "../values.ts";
import { isFenced } from "./fleet-fence.ts";
import type { OperationContext } from "./operation.ts";
import { putSignals } from "./signals.ts";

/** See `RuleStore.ruleStates`. */
export async function ruleStates(
  { db }: OperationContext,
  prefix = "",
): Promise<readonly KeptRuleState[]> {
  let select = db.selectFrom("rule_state").selectAll();
  if (prefix !== "") {
    select = select.where("source", ">=", prefix).where("source", "<", `${prefix}${lastCharacter}`);
  }
  const rows = await select.orderBy("source").orderBy("rule_id").orderBy("series").execute();
  return rows.map((row) => {
    const { series = row.series, ...state } = fromJson<KeptState>(row.state);
    return {
      ruleId: row.rule_id,
      source: row.source,
      series,
      state,
      raised: row.raised === null ? null : fromJson<Signal>(row.raised),
    };
  });
}

/** Behind whatever a source goes on with. */
const lastCharacter = "\u{10ffff}";

/** With the series where its column does not hold it as it is. */
type KeptState = RuleState & { readonly series?: string };

/** See `RuleStore.commitRules`. */
export async function commitRules(
  context: OperationContext,
  change: RuleChange,
): Promise<CommitResult> {
  const { db, engine } = context;
  if (engine === "postgres" && change.fence !== undefined) {
    if (!(await mayDecide(context, change.fence))) return "fenced";
  }
  // PostgreSQL refuses to write a row twice in one statement.
  const saved = new Map(
    change.saved.map((one) => [JSON.stringify([one.source, one.ruleId, one.series]), one]),
  );
  for (const some of inChunks([...saved.values()], rowsPerStatement)) {
    const rows = some.map(rowOf);
    await db
      .insertInto("rule_state")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["source", "rule_id", "series"]).doUpdateSet((row) => ({
          state: row.ref("excluded.state"),
          raised: row.ref("excluded.raised"),
        })),
      )
      .execute();
  }
  for (const { ruleId, source, series } of change.dropped) {
    await db
      .deleteFrom("rule_state")
      .where("source", "=", source)
      .where("rule_id", "=", ruleId)
      .where("series", "=", keyText(series))
      .execute();
  }
  await putSignals(context, change.signals);
  return "stored";
}

/** The process lives, and has the duty until the transaction ends: whoever is to have it next waits. */
async function mayDecide(
  context: OperationContext,
  { process, duty, after }: RuleFence,
): Promise<boolean> {
  if (await isFenced(context, process)) return false;
  if (duty === undefined) return true;
  const { rows } = await sql`
    select 1 from lease where name = ${`duty-${duty}`} and holder = ${process} for share`.execute(
    context.db,
  );
  return rows.length > 0 && (after === undefined || (await countStep(context, after)));
}

const stepsNote = "rule_steps";

/** See `RuleStore.ruleSteps`. */
export async function ruleSteps({ db }: OperationContext): Promise<number> {
  const row = await db
    .selectFrom("note")
    .select("value")
    .where("name", "=", stepsNote)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/** Counts one more; false: there was another since. */
async function countStep({ db }: OperationContext, after: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("note")
    .values({ name: stepsNote, value: 1 })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet((set) => ({ value: set("note.value", "+", 1) }))
        .where("note.value", "=", after),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

function rowOf({ ruleId, source, series, state, raised }: KeptRuleState) {
  const column = keyText(series);
  const kept: KeptState = column === series ? state : { ...state, series };
  return {
    source,
    rule_id: ruleId,
    series: column,
    state: toJson(kept),
    raised: raised === null ? null : toJson(raised),
  };
}
