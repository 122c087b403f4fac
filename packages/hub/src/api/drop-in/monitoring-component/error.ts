/** Errors of the Monitoring Component's surface: as FastAPI words them, with a place for everything that is wrong. */
import type { FastApiInvalid, Problem } from "@belfry/contract";
import { AppError } from "../../../model/error.ts";
import type { Failure } from "../../problem.ts";
import { fastApiErrorOf } from "../fast-api.ts";

/** Problems that one answer names. */
const mostProblems = 100;

/** A request of which nothing can be taken. */
export function refused(...problems: readonly Problem[]): AppError {
  return new AppError("invalid", "The request does not fit", {
    problems: problems.slice(0, mostProblems),
  });
}

/** The body of an error. */
export function componentErrorOf(failure: Failure): { readonly detail: unknown } {
  const { code, problems } = failure.error;
  if (code !== "invalid" || problems.length === 0) return fastApiErrorOf(failure);
  return { detail: problems.map(itemOf) };
}

function itemOf({ path, message }: Problem): FastApiInvalid["detail"][number] {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return {
    type: message === "is required" ? "missing" : "value_error",
    loc: ["body", ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))],
    msg: message,
  };
}
