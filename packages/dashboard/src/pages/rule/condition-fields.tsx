/** What a rule looks for: the kind of its condition, its metrics, and the limit. */
import { useSignal } from "@preact/signals";
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import { hostMetrics } from "@belfry/contract/host-metrics";
import { inputId, useProblem } from "../../form/control.tsx";
import { FieldView } from "../../form/field-view.tsx";
import { useForm } from "../../form/form-state.ts";
import { MatchersField } from "../../form/matchers-field.tsx";
import { isRecord, type Path } from "../../form/path.ts";
import { countedBy, valueWords } from "../../parts/metric-words.ts";
import { useParts } from "../../shell/parts.ts";
import { conditionKinds, withConditionKind } from "./rule-draft.ts";
import { conditionRows, metricsOf } from "./rule-fields.ts";
import { nameSelector, namesOf } from "./rule-series.ts";

const at = ["condition"] as const;

/** Draws the fields of the condition; `isFixed`: what it looks at stays as it is, only numbers change. */
export function ConditionFields({ isFixed }: { isFixed: boolean }) {
  const form = useForm();
  const condition = form.get(at);
  const kind = kindOf(condition);
  const aggregate = isRecord(condition) ? condition["aggregate"] : undefined;
  return (
    <>
      {!isFixed && (
        <>
          <KindField kind={kind} />
          {metricsOf(kind).map(([key, title]) => (
            <MetricFields key={key} path={[...at, key]} title={title} />
          ))}
        </>
      )}
      {conditionRows(kind, aggregate).map((row) => (
        <div key={row.map(({ key }) => key).join()} class="rule-fields-row">
          {row.map((field) => (
            <FieldView key={`${kind} ${field.key}`} field={field} path={[...at, field.key]} />
          ))}
        </div>
      ))}
      <ReadAs condition={condition} />
    </>
  );
}

function kindOf(condition: unknown): RuleCondition["kind"] {
  const kind = isRecord(condition) ? condition["kind"] : undefined;
  return conditionKinds.find(([one]) => one === kind)?.[0] ?? "threshold";
}

function KindField({ kind }: { kind: RuleCondition["kind"] }) {
  const form = useForm();
  return (
    <div class="field field-choice">
      <label for={inputId(at)}>Rings when</label>
      <select
        id={inputId(at)}
        value={kind}
        onChange={({ currentTarget: { value } }) => {
          const next = withConditionKind(form.draft.value, value);
          if (isRecord(next)) form.set(at, next["condition"]);
        }}
      >
        {conditionKinds.map(([one, title]) => (
          <option key={one} value={one}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

const ownNames = Object.values(hostMetrics).map(({ name }) => name);

/** The name of a metric, with those that fit offered, and what its labels have to be. */
function MetricFields({ path, title }: { path: Path; title: string }) {
  const { client } = useParts();
  const form = useForm();
  const found = useSignal<readonly string[]>(form.get(["subject"]) === "host" ? ownNames : []);
  const namePath = [...path, "name"];
  const value = form.get(namePath);
  const problem = useProblem(namePath);
  const id = inputId(namePath);

  async function type(text: string): Promise<void> {
    form.set(namePath, text);
    const selector = nameSelector(text, subjectOf(form.get(["subject"])));
    if (selector === null) return;
    const reply = await client.findSeries(selector);
    if (reply.kind === "ok" && form.get(namePath) === text)
      found.value = namesOf(reply.value.items);
  }

  return (
    <>
      <div class="field field-text">
        <label for={id}>{title}</label>
        <input
          id={id}
          class="mono"
          list={`${id}-names`}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-help ${id}-problem`}
          aria-invalid={problem !== ""}
          value={typeof value === "string" ? value : ""}
          onInput={({ currentTarget }) => void type(currentTarget.value)}
        />
        <datalist id={`${id}-names`}>
          {found.value.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <p id={`${id}-help`} class="field-help">
          As it is recorded, such as <code>{ownNames[0]}</code>
        </p>
        {problem !== "" && (
          <p id={`${id}-problem`} class="field-problem">
            {problem}
          </p>
        )}
      </div>
      <details class="folded" open={hasItems(form.get([...path, "matchers"]))}>
        <summary>Only some of its series</summary>
        <MatchersField
          path={[...path, "matchers"]}
          title={`Labels of ${title === "Metric" ? "the metric" : "the other metric"}`}
          help="All of them have to match; none: every series of it, each judged for itself."
          names={["device", "mountpoint", "mode", "fstype", "phase"]}
        />
      </details>
    </>
  );
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function subjectOf(value: unknown): AlertRuleInput["subject"] {
  return value === "monitor" || value === "job" ? value : "host";
}

/** The limit in words: a ratio of 0.95 is 95 %. */
function ReadAs({ condition }: { condition: unknown }) {
  if (!isLimited(condition)) return null;
  const counted = countedBy(condition);
  if (counted === "plain") return null;
  const { value, recover_value: recover } = condition;
  return (
    <p class="field-help rule-read-as">
      Read as {valueWords(value, counted)}
      {recover !== undefined && `, until ${valueWords(recover, counted)}`}.
    </p>
  );
}

/** Guarantee: a condition of a draft has the keys of its kind; only its limit may be missing. */
function isLimited(
  condition: unknown,
): condition is Exclude<RuleCondition, { readonly kind: "absence" }> {
  return isRecord(condition) && typeof condition["value"] === "number";
}
