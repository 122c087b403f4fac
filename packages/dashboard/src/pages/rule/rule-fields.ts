/** The fields of a rule. Their bounds are those of the contract, which is not bundled into the pages. */
import type { RuleCondition } from "@belfry/contract";
import { fieldOf, type ChoiceField, type Field } from "../../form/field.ts";
import { aggregateWords, operatorWords } from "../../parts/rule-words.ts";
import { severityTitle } from "../../parts/severity-words.ts";
import { severityNames } from "../../route/alert-route.ts";

function choice(
  key: string,
  title: string,
  options: readonly (readonly [value: string, title: string])[],
  description = "",
): ChoiceField {
  const field = fieldOf({ title, description, enum: [] }, key, true);
  if (field.kind !== "choice") throw new Error("a choice is a choice");
  return { ...field, options: options.map(([value, words]) => ({ value, title: words })) };
}

function duration(key: string, title: string, description: string): Field {
  const schema = { type: "integer", minimum: 0, maximum: 2_592_000, unit: "duration" };
  return fieldOf({ ...schema, title, description }, key, true);
}

export const nameField: Field = fieldOf(
  { type: "string", maxLength: 100, title: "Name" },
  "name",
  true,
);
export const severityField: Field = choice(
  "severity",
  "Severity",
  severityNames.map((name) => [name, severityTitle(name)]),
);
export const subjectField: Field = choice("subject", "Looks at", [
  ["host", "Hosts"],
  ["monitor", "Monitors"],
  ["job", "Jobs"],
]);
export const forField: Field = duration(
  "for_seconds",
  "Rings after",
  "It has to hold so long without a break",
);
export const recoveryField: Field = duration(
  "recovery_for_seconds",
  "Over after",
  "It must not hold for so long",
);
export const labelsField: Field = fieldOf(
  {
    type: "object",
    additionalProperties: { type: "string", maxLength: 200 },
    title: "Labels",
    description: "Of the incident, besides those of its subject: to route and silence by",
  },
  "labels",
  true,
);
export const descriptionField: Field = fieldOf(
  {
    type: "string",
    maxLength: 2000,
    multiline: true,
    title: "What it means",
    description: "And what to do: it is told with the incident",
  },
  "description",
  true,
);

const operatorField = choice("operator", "Is", Object.entries(operatorWords));
/** The limit. */
const valueField = fieldOf({ type: "number", title: "Limit" }, "value", true);
const recoverField = fieldOf(
  {
    type: "number",
    title: "Ends at",
    description: "Once it holds, it ends only on the other side of this value",
  },
  "recover_value",
  false,
);
const aggregateField = choice("aggregate", "Of the samples the", Object.entries(aggregateWords));
const relativeField = fieldOf(
  { type: "boolean", title: "As a part of the old value", description: "0.5 is half as much more" },
  "relative",
  true,
);

const limit = [operatorField, valueField, recoverField] as const;

/** The fields of a condition besides its metrics, row by row. */
export function conditionRows(
  kind: RuleCondition["kind"],
  aggregate: unknown,
): readonly (readonly Field[])[] {
  switch (kind) {
    case "threshold": {
      const over = duration("over_seconds", "Over", "");
      return [aggregate === "last" ? [aggregateField] : [aggregateField, over], limit];
    }
    case "change":
      return [[duration("over_seconds", "Now against", "So long ago"), relativeField], limit];
    case "rate":
      return [
        [duration("over_seconds", "Per second over", "Counters that begin anew are noticed")],
        limit,
      ];
    case "absence":
      return [
        [duration("over_seconds", "For", "Of a series that was there before; then it rings")],
      ];
    case "ratio":
      return [limit];
    case "prediction":
      return [
        [
          duration("over_seconds", "As it went for", "A straight line is drawn through this"),
          duration("within_seconds", "Looked ahead", "The line is drawn on for so long"),
        ],
        limit,
      ];
  }
}

/** The metrics of a kind of conditions: where they stand, and what they are called. */
export function metricsOf(
  kind: RuleCondition["kind"],
): readonly (readonly [key: string, title: string])[] {
  if (kind !== "ratio") return [["metric", "Metric"]];
  return [
    ["numerator", "Metric"],
    ["denominator", "Divided by"],
  ];
}
