/** Errors below `/ping`: a few words of plain text, as Healthchecks has them. */
import { errorTable } from "@belfry/contract";
import { publicDetail, type Failure } from "../../problem.ts";

/** The body of an error. */
export function pingErrorOf({ error }: Failure): string {
  if (error.code === "not_found") return "not found";
  return publicDetail(error) || errorTable[error.code].title;
}
