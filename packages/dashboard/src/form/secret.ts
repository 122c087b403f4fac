/** Secrets in settings: written, never read back. What is stored shows as a mask; sending the mask back keeps it. */
import { isRecord, type Path } from "./path.ts";

/** What the API shows in the place of a stored secret. */
export const mask: unknown = { set: true };

/** Whether a value is that. */
export function isMask(value: unknown): boolean {
  return isRecord(value) && value["set"] === true && Object.keys(value).length === 1;
}

/** Whether a place within the settings is secret, or lies below one that is. `*` stands for every key and item. */
export function isSecret(path: Path, secrets: readonly string[]): boolean {
  return secrets.some((secret) => {
    const steps = secret.split(".");
    return (
      steps.length <= path.length &&
      steps.every((step, i) => step === "*" || step === String(path[i]))
    );
  });
}

/**
 * Whether a secret is stored, and stays so or is to be removed (null, unless that is a value like others): there is
 * nothing to edit then.
 */
export function isKept(value: unknown, isNullable: boolean): boolean {
  return isMask(value) || (value === null && !isNullable);
}

/** Settings for a copy: the masks are taken out, for what they stand for stays with the original. */
export function withoutMasks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMasks);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !isMask(inner))
      .map(([key, inner]) => [key, withoutMasks(inner)]),
  );
}
