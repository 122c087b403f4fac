/** The setting every sink of lines has. */
import { Type } from "typebox";
import { defaultFormat } from "../format.ts";

/** Schema of `format`. */
export const FormatSchema = Type.String({
  title: "Format of a line",
  default: defaultFormat,
  maxLength: 2000,
  description:
    "Text with placeholders: {timestamp}, {target_name}, {target_id}, {value}, {time}, {kind}, {target}, {result}, " +
    "{reason}, {status}, {latency_ms}, {location}; `{{` and `}}` are braces",
});
