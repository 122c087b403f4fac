/** What rules decided: states of troubles, and the signals that tell of them. */
import type { KeptRuleState, RuleChange, RuleState } from "../../model/rule-state.ts";
import type { Signal } from "../../model/signal.ts";
import { foreignText, fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
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
  return rows.map((row) => ({
    ruleId: row.rule_id,
    source: row.source,
    series: row.series,
    state: fromJson<RuleState>(row.state),
    raised: row.raised === null ? null : fromJson<Signal>(row.raised),
  }));
}

/** See `RuleStore.commitRules`. */
export async function commitRules(context: OperationContext, change: RuleChange): Promise<void> {
  const { db } = context;
  for (const some of inChunks(change.saved, rowsPerStatement)) {
    const rows = some.map(({ ruleId, source, series, state, raised }) => ({
      source,
      rule_id: ruleId,
      series: foreignText(series),
      state: toJson(state),
      raised: raised === null ? null : toJson(raised),
    }));
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
      .where("series", "=", foreignText(series))
      .execute();
  }
  await putSignals(context, change.signals);
}
