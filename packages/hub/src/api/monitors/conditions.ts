/** `ETag` and `If-Match` of resources with a version. */
import type { FastifyRequest } from "fastify";
import { AppError } from "../../model/error.ts";

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * Refuses a change made for another version (`version_mismatch`). `If-Match` holds a version (`3`), entity tags
 * (`"3"`, several separated by commas) or `*`; without it any version will do.
 */
export function checkIfMatch(request: FastifyRequest, version: number): void {
  const header = request.headers["if-match"];
  if (header === undefined || header.trim() === "*") return;
  const tags = header.split(",").map((tag) => /^\s*"?(\d+)"?\s*$/.exec(tag)?.[1]);
  if (tags.includes(String(version))) return;
  throw new AppError("version_mismatch", `The present version is ${version}`);
}
