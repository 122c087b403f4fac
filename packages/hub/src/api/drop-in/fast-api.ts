/**
 * Errors as FastAPI words them, for drop-in surfaces whose originals were written with it: one sentence under `detail`,
 * or for 422 a list of what is wrong (`reference`: FastAPI 0.142 with pydantic 2).
 */
import { errorTable, type ErrorCode, type FastApiInvalid } from "@belfry/contract";
import { AppError } from "../../model/error.ts";
import { publicDetail, type Failure } from "../problem.ts";

/** One thing wrong with a request, as pydantic reports it. */
export type FastApiProblem = FastApiInvalid["detail"][number];

/** A request that FastAPI would answer with 422. */
export class FastApiInvalidError extends AppError {
  readonly items: readonly FastApiProblem[];

  constructor(...items: readonly FastApiProblem[]) {
    super("invalid", items.map((item) => item.msg).join("; "));
    this.items = items;
  }
}

/** Sentences of FastAPI's own for what its framework answers. */
const sentences: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: "Not Found",
  method_not_allowed: "Method Not Allowed",
  internal: "Internal Server Error",
  unauthenticated: "Not authenticated",
};

/** The body of an error. */
export function fastApiErrorOf({ error }: Failure): { readonly detail: unknown } {
  if (error instanceof FastApiInvalidError) return { detail: error.items };
  if (error.code === "not_found" && error.detail !== "") return { detail: error.detail };
  return {
    detail: sentences[error.code] ?? (publicDetail(error) || errorTable[error.code].title),
  };
}
