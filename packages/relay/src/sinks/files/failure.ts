/** What a failure of the system means for what was to be written. */
import type { RecordDelivery } from "../../event-sink.ts";

/** Somebody has to change a setting, a permission or a mount; waiting alone does not help. */
const misconfigurations = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "EISDIR",
  "ENAMETOOLONG",
  "ELOOP",
  "ENXIO",
  "EINVAL",
  "ENODEV",
]);

/** A path that holds something else than a file, so that nothing can be appended. */
export class NotAFile extends Error {}

/** `misconfigured` for what a setting or a permission causes; everything else (a full disk, no descriptors) is `retry`. */
export function verdictOfFailure(
  error: unknown,
): Extract<RecordDelivery, { kind: "retry" | "misconfigured" }> {
  const why = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const isWrong = error instanceof NotAFile || (code !== undefined && misconfigurations.has(code));
  return { kind: isWrong ? "misconfigured" : "retry", why };
}

/** The code of a system error: `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
