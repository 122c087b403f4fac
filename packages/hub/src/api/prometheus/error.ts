/** Errors below `/prometheus`: one line of text, which Prometheus writes to its log. */
import { errorTable } from "@belfry/contract";
import { publicDetail, type Failure } from "../problem.ts";

/** The body of an error. */
export function plainErrorOf({ error }: Failure): string {
  return `${publicDetail(error) || errorTable[error.code].title}\n`;
}
