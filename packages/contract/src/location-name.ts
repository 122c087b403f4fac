/** The name of a location. */
import { Type } from "typebox";

export const LocationNameSchema = Type.String({
  minLength: 1,
  maxLength: 63,
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
  expected: "a name of letters, digits, dots, dashes and underscores",
});
