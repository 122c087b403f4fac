/** The one error that is thrown: something that should not happen, or a request that cannot be served. */
import type { Problem } from "@belfry/contract";
import { errorTable, type ErrorCode } from "@belfry/contract/error-code";

/** `code` decides the HTTP status and the public title; `detail` is public and holds no secret; `cause` is logged. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; problems?: readonly Problem[] } = {},
  ) {
    super(`${errorTable[code].title}: ${detail}`, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.detail = detail;
    this.problems = options.problems ?? [];
  }
}
