/** Errors of the Monitoring Stack's surface: one sentence under `error`, in the words of the original where it had some. */
import { errorTable, type ErrorCode } from "@belfry/contract";
import { AppError } from "../../../model/error.ts";
import { publicDetail, type Failure } from "../../problem.ts";

/** Sentences that stand for what the rest of the API says in other words. */
const sentences: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthenticated: "Unauthorized",
  rate_limited: "Rate limit exceeded",
  method_not_allowed: "Method Not Allowed",
  too_large: "Request Entity Too Large",
  internal: "Internal Server Error",
};

/** The body of an error. */
export function stackErrorOf({ error }: Failure): { readonly error: string } {
  if (error.code === "not_found" && error.detail === "") return { error: "Not Found" };
  return { error: sentences[error.code] ?? (publicDetail(error) || errorTable[error.code].title) };
}

/** An answer of 400 with this sentence. */
export function refused(sentence: string): AppError {
  return new AppError("malformed", sentence);
}
