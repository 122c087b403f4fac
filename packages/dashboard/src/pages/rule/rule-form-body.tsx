/** The fields of a rule in their order: what it is called, what it looks at, when it rings. */
import type { AlertRuleInput } from "@belfry/contract";
import { useProblem } from "../../form/control.tsx";
import { FieldView } from "../../form/field-view.tsx";
import { useForm } from "../../form/form-state.ts";
import { MatchersField } from "../../form/matchers-field.tsx";
import { ConditionFields } from "./condition-fields.tsx";
import {
  descriptionField,
  forField,
  labelsField,
  nameField,
  recoveryField,
  severityField,
  subjectField,
} from "./rule-fields.ts";

interface BodyProps {
  /** What it is called and looks at stays. */
  readonly isBuiltIn: boolean;
  /** It takes the place of another rule for some subjects: those are asked for first. */
  readonly isInstead: boolean;
}

const nouns = { host: "hosts", monitor: "monitors", job: "jobs" } as const satisfies Record<
  AlertRuleInput["subject"],
  string
>;

/** Draws the fields. */
export function RuleFormBody({ isBuiltIn, isInstead }: BodyProps) {
  return (
    <div class="fields">
      {isInstead && <Matchers isInstead />}
      {!isBuiltIn && (
        <>
          <FieldView
            field={
              isInstead
                ? { ...nameField, description: "Left empty: that of the other rule, and for whom" }
                : nameField
            }
            path={["name"]}
          />
          {!isInstead && <FieldView field={subjectField} path={["subject"]} />}
        </>
      )}
      <ConditionFields isFixed={isBuiltIn || isInstead} />
      <div class="rule-fields-row">
        <FieldView field={forField} path={["for_seconds"]} />
        <FieldView field={recoveryField} path={["recovery_for_seconds"]} />
        <FieldView field={severityField} path={["severity"]} />
      </div>
      {!isInstead && <Matchers isInstead={false} />}
      <details class="folded">
        <summary>Labels and what it means</summary>
        <div class="fields">
          <FieldView field={labelsField} path={["labels"]} />
          <FieldView field={descriptionField} path={["description"]} />
        </div>
      </details>
    </div>
  );
}

/** Which hosts, monitors or jobs. */
function Matchers({ isInstead }: Pick<BodyProps, "isInstead">) {
  const form = useForm();
  const subject = form.get(["subject"]);
  const noun = subject === "monitor" || subject === "job" ? nouns[subject] : nouns.host;
  const problem = useProblem(["matchers"]);
  return (
    <div>
      <MatchersField
        path={["matchers"]}
        title={`Which ${noun}`}
        help={
          isInstead
            ? `One matcher, over their labels or subject (the name). The other rule leaves out what it matches.`
            : `All of them have to match, over their labels or subject (the name); none: all ${noun}.`
        }
        names={["subject"]}
      />
      {problem !== "" && <p class="field-problem">{problem}</p>}
    </div>
  );
}
