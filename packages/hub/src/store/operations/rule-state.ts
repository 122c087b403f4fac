/** What rules decided: states of troubles, and the signals that tell of them. */
import type { KeptRuleState, RuleChange, RuleState } from "../../model/rule-state.ts";
import type { Signal } from "../../model/signal.ts";
import { fromJson, inChunks, keyText, rowsPerStatement, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";
import { putSignals } from "./signals.ts";

/** See `RuleStore.ruleStates`. */
export async function ruleStates({ db }: OperationContext): Promise<readonly KeptRuleState[]> {
  const rows = await db
    .selectFrom("rule_state")
    .selectAll()
    .orderBy("source")
    .orderBy("rule_id")
    .orderBy("series")
    .execute();
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

/** With the series where its column does not hold it as it is. */
type KeptState = RuleState & { readonly series?: string };

/** See `RuleStore.commitRules`. */
export async function commitRules(context: OperationContext, change: RuleChange): Promise<void> {
  const { db } = context;
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
