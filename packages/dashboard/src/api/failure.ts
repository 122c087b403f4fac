/**
 * Why a request brought no value, and how the problem documents of the API are read. Failures are values: pages decide
 * what to show for each.
 */

/** One thing wrong with what was sent; `path` is dotted, empty for the whole. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** The hub could not be reached, or it answered with a problem. */
export type Failure =
  | { readonly kind: "unreachable" }
  | {
      readonly kind: "problem";
      readonly status: number;
      readonly code: string;
      readonly title: string;
      readonly detail: string;
      readonly advice: string;
      readonly problems: readonly FieldProblem[];
    };

/** What came of a request. */
export type Reply<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Reads the body of an error. A body that is no problem document (a proxy's page) leaves the status. */
export function parseFailure(status: number, body: string): Failure {
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    read = undefined;
  }
  const document = isRecord(read) ? read : {};
  const errors: unknown = document["errors"];
  return {
    kind: "problem",
    status,
    code: textOf(document["code"]),
    title: textOf(document["title"]) || `Answered with status ${status}`,
    detail: textOf(document["detail"]),
    advice: textOf(document["advice"]),
    problems: Array.isArray(errors) ? errors.flatMap(problemOf) : [],
  };
}

/** One sentence for a person. */
export function describeFailure(failure: Failure): string {
  if (failure.kind === "unreachable") return "Belfry could not be reached.";
  const what = failure.detail === "" ? failure.title : failure.detail;
  return /[.!?]$/.test(what) ? what : `${what}.`;
}

/** Whether the answer was that there is no such thing. */
export function isMissing(failure: Failure): boolean {
  return failure.kind === "problem" && failure.status === 404;
}

/** Whether a key is needed. */
export function isUnauthenticated(failure: Failure): boolean {
  return failure.kind === "problem" && failure.status === 401;
}

function problemOf(item: unknown): FieldProblem[] {
  if (!isRecord(item) || typeof item["message"] !== "string") return [];
  return [{ path: textOf(item["path"]), message: item["message"] }];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
