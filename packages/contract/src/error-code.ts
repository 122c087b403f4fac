/**
 * The one table of errors a caller can meet: code → HTTP status, public title, what to do about it.
 * Problem documents of the native API carry the key as `code` and the title as `title`.
 */
export const errorTable = {
  invalid: {
    status: 422,
    title: "The request is not valid",
    advice: "Read `errors`: each names a path and what was expected there.",
  },
  malformed: {
    status: 400,
    title: "The body could not be read",
    advice: "Send well-formed JSON with `content-type: application/json`.",
  },
  unsupported_media_type: {
    status: 415,
    title: "This content type is not accepted here",
    advice: "Send `application/json`, or for imports `text/plain`.",
  },
  too_large: {
    status: 413,
    title: "The body is larger than the limit",
    advice: "Send less in one request.",
  },
  unauthenticated: {
    status: 401,
    title: "A valid key is needed",
    advice: "Send `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
  },
  forbidden: {
    status: 403,
    title: "This key may not do that",
    advice: "Use a key with the scope named in `detail`.",
  },
  bad_origin: {
    status: 403,
    title: "The request came from another site",
    advice: "Without keys, Belfry answers only requests made to its own loopback address.",
  },
  not_found: {
    status: 404,
    title: "There is nothing here",
    advice: "Check the path and the id.",
  },
  method_not_allowed: {
    status: 405,
    title: "This method is not supported here",
    advice: "See `allow` for the methods that are.",
  },
  conflict: {
    status: 409,
    title: "The resource is in a state that forbids this",
    advice: "Read it again and repeat.",
  },
  unknown_series: {
    status: 409,
    title: "This list of series is not known here",
    advice: "Send the batch again with its list of series.",
  },
  version_mismatch: {
    status: 412,
    title: "The resource has changed since you read it",
    advice: "Read it again and send its `version` in `If-Match`.",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    advice: "Wait as long as `Retry-After` says.",
  },
  internal: {
    status: 500,
    title: "Belfry failed to answer",
    advice: "The log has the cause under the id given here.",
  },
  unavailable: {
    status: 503,
    title: "Belfry cannot do this at the moment",
    advice: "Try again shortly; `/ready` says when.",
  },
} as const satisfies Record<string, { status: number; title: string; advice: string }>;

/** A key of the error table. */
export type ErrorCode = keyof typeof errorTable;
