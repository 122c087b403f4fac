/** Errors below `/api/v2`: one sentence as JSON text, as Alertmanager has them. */
import { errorTable } from "@belfry/contract";
import { AppError } from "../../model/error.ts";
import { publicDetail, type Failure } from "../problem.ts";

/** The body of an error. */
export function alertmanagerErrorOf({ error }: Failure): string {
  const [problem] = error.problems;
  if (problem === undefined) return publicDetail(error) || errorTable[error.code].title;
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}

/** An answer of 400 with this sentence. */
export function refused(sentence: string): AppError {
  return new AppError("malformed", sentence);
}
