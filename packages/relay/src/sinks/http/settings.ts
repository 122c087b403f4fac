/** Settings that sinks over HTTP share. */
import { Type } from "typebox";

export const HttpUrlSchema = Type.String({
  title: "Address",
  maxLength: 4096,
  pattern: "^https?://[^\\s/?#]+[^\\s]*$",
  expected: "an address that begins with http:// or https://",
});

export const TimeoutSchema = Type.Number({
  title: "Time limit",
  exclusiveMinimum: 0,
  maximum: 3600,
  default: 5,
  description: "Seconds for one request",
});

export const VerifySslSchema = Type.Boolean({
  title: "Check certificates",
  default: true,
  description: "false: any certificate is taken",
});

export const HeadersSchema = Type.Record(
  Type.String(),
  Type.String({
    pattern: "^[\\t\\x20-\\x7e\\x80-\\xff]*$",
    expected: "text without control characters",
  }),
  {
    propertyNames: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }),
    title: "Headers",
    default: {},
    description: "Sent with every request",
  },
);
