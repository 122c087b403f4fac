/**
 * From whatever was thrown to the answer a caller gets. The one mapper of the API: `AppError`s keep their code and
 * detail; errors of the HTTP framework are given the code they stand for; everything else is a fault of Belfry, of
 * which the caller learns an id and the log the cause.
 */
import { errorTable, type ErrorCode, type ProblemDocument } from "@belfry/contract";
import { AppError } from "../model/error.ts";

/** A problem with the HTTP status it is sent with. */
export interface Failure {
  readonly error: AppError;
  /** Set for faults of Belfry (status 500 and above): what the log has the cause under. */
  readonly instance: string | undefined;
}

/** Names what was thrown. `newId` makes the id of a fault. */
export function failureOf(thrown: unknown, newId: () => string): Failure {
  const error = thrown instanceof AppError ? thrown : fromFramework(thrown);
  return { error, instance: errorTable[error.code].status >= 500 ? newId() : undefined };
}

/** The body of an error of the native API. */
export function problemDocumentOf({ error, instance }: Failure): ProblemDocument {
  const { status, title, advice } = errorTable[error.code];
  const detail = publicDetail(error);
  return {
    type: `urn:belfry:error:${error.code}`,
    title,
    status,
    code: error.code,
    ...(detail === "" ? {} : { detail }),
    advice,
    ...(error.problems.length === 0 ? {} : { errors: error.problems.map((one) => ({ ...one })) }),
    ...(instance === undefined ? {} : { instance: `urn:uuid:${instance}` }),
  };
}

/** What may be said in public: nothing of a fault of Belfry. */
export function publicDetail(error: AppError): string {
  return error.code === "internal" ? "" : error.detail;
}

/** Codes of the framework that have a counterpart of their own; the rest goes by status. */
const frameworkCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["too_large", "The body is larger than this path accepts"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", ""],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["malformed", "The body is empty"],
  FST_ERR_CTP_INVALID_JSON_BODY: ["malformed", "The body is not valid JSON"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["malformed", "The body is not as long as announced"],
  FST_ERR_BAD_URL: ["malformed", "The path is not a valid URL path"],
  FST_ERR_MAX_PARAM_LENGTH: ["not_found", ""],
};

function fromFramework(thrown: unknown): AppError {
  const { code, statusCode } = readError(thrown);
  const known = code === undefined ? undefined : frameworkCodes[code];
  if (known !== undefined) return new AppError(known[0], known[1], { cause: thrown });
  switch (statusCode) {
    case 400:
      return new AppError("malformed", "", { cause: thrown });
    // The file server's word for a path that leads out of its folder.
    case 403:
    case 404:
      return new AppError("not_found", "", { cause: thrown });
    case 413:
      return new AppError("too_large", "", { cause: thrown });
    case 415:
      return new AppError("unsupported_media_type", "", { cause: thrown });
    case 503:
      return new AppError("unavailable", "", { cause: thrown });
    default:
      return new AppError("internal", "", { cause: thrown });
  }
}

function readError(thrown: unknown): { code: string | undefined; statusCode: number | undefined } {
  if (typeof thrown !== "object" || thrown === null) {
    return { code: undefined, statusCode: undefined };
  }
  const code = "code" in thrown ? thrown.code : undefined;
  const statusCode = "statusCode" in thrown ? thrown.statusCode : undefined;
  return {
    code: typeof code === "string" ? code : undefined,
    statusCode: typeof statusCode === "number" ? statusCode : undefined,
  };
}
