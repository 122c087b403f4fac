/**
 * Matchers choose by labels, as Alertmanager's do. What is matched has the labels of its subject, and besides `severity`,
 * `rule` (`monitor_down`, `host_silent`, … or the name of an own rule), `subject_kind` and `subject` (its name).
 */
import { Type, type Static } from "typebox";

export const MatcherSchema = Type.Object(
  {
    name: Type.String({
      pattern: "^[a-zA-Z_][a-zA-Z0-9_]{0,62}$",
      expected: "the name of a label",
    }),
    value: Type.String({ maxLength: 1000, pattern: "^[^\\u0000]*$" }),
    is_regex: Type.Boolean({
      default: false,
      description: "The value is a regular expression (RE2) that the whole label has to match",
    }),
    is_equal: Type.Boolean({ default: true, description: "false: what does not match is chosen" }),
  },
  { additionalProperties: false },
);
export type Matcher = Static<typeof MatcherSchema>;

/** All of them have to match; none: everything. A label that is not there is an empty text. */
export const MatchersSchema = Type.Array(MatcherSchema, { maxItems: 32 });
