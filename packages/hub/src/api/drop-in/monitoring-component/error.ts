/** Errors of the Monitoring Component's surface: as FastAPI words them, with a place for everything that is wrong. */
import type { FastApiInvalid, Problem } from "@belfry/contract";
import { AppError } from "../../../model/error.ts";
import type { Failure } from "../../problem.ts";
import { fastApiErrorOf } from "../fast-api.ts";

/** Problems that one answer names. */
const mostProblems = 100;

/** A body of which nothing can be taken. */
class RefusedBody extends AppError {
  constructor(problems: readonly Problem[]) {
    super("invalid", "The body does not fit", { problems: problems.slice(0, mostProblems) });
  }
}

/** Says that of a body nothing can be taken. */
export function refused(...problems: readonly Problem[]): AppError {
  return new RefusedBody(problems);
}

/** The body of an error. */
export function componentErrorOf(failure: Failure): { readonly detail: unknown } {
  const { code, problems } = failure.error;
  if (code !== "invalid" || problems.length === 0) return fastApiErrorOf(failure);
  // Bodies are read by the handlers; what is refused before is a query.
  const part = failure.error instanceof RefusedBody ? "body" : "query";
  return { detail: problems.map((problem) => itemOf(part, problem)) };
}

function itemOf(
  part: "body" | "query",
  { path, message }: Problem,
): FastApiInvalid["detail"][number] {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return {
    type: message === "is required" ? "missing" : "value_error",
    loc: [part, ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))],
    msg: message,
  };
}
