/**
 * Secrets in the settings of a monitor are written and never read back. Where one is stored, whoever reads sees the
 * mask `{"set": true}`; sending the mask back keeps what is stored, `null` removes it. Paths are dotted, as in
 * `CheckKind.secrets`; a segment `*` stands for every key (`headers.*`) and every item of a list.
 */
import type { Json, JsonObject } from "@belfry/contract";

/** What is shown in the place of a secret. */
export const secretMask = { set: true } as const satisfies JsonObject;

/** Whether a value is the mask. */
export function isSecretMask(value: unknown): boolean {
  return isRecord(value) && value["set"] === true && Object.keys(value).length === 1;
}

/** Copies settings with every secret replaced by the mask. */
export function maskSecrets(settings: JsonObject, secrets: readonly string[]): JsonObject {
  return secrets.reduce((masked, path) => maskedObject(masked, path.split(".")), settings);
}

function maskedObject(value: JsonObject, path: readonly string[]): JsonObject {
  const masked = maskedAt(value, path);
  return isRecord(masked) ? (masked as JsonObject) : value;
}

function maskedAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return value === undefined || value === null ? value : secretMask;
  if (Array.isArray(value)) {
    return head === "*" ? value.map((item: Json) => maskedAt(item, rest) ?? null) : value;
  }
  if (!isRecord(value)) return value;
  const copy: Record<string, Json> = { ...(value as JsonObject) };
  for (const key of head === "*" ? Object.keys(copy) : [head]) {
    const inner = maskedAt(copy[key], rest);
    if (inner !== undefined) copy[key] = inner;
  }
  return copy;
}

/**
 * Puts stored secrets in the place of masks. With `keepOmitted`, a secret that is not mentioned is kept too where the
 * object around it is still there. A mask without anything stored is left in place, to be refused by the kind's schema.
 */
export function restoreSecrets(
  settings: Readonly<Record<string, unknown>>,
  stored: JsonObject,
  secrets: readonly string[],
  keepOmitted: boolean,
): Record<string, unknown> {
  let restored: unknown = settings;
  for (const path of secrets) restored = restoredAt(restored, stored, path.split("."), keepOmitted);
  return isRecord(restored) ? restored : { ...settings };
}

function restoredAt(
  value: unknown,
  stored: unknown,
  path: readonly string[],
  keepOmitted: boolean,
): unknown {
  const [head, ...rest] = path;
  if (head === undefined) {
    if (isSecretMask(value)) return stored ?? value;
    return value === undefined && keepOmitted ? stored : value;
  }
  if (Array.isArray(value) && head === "*") {
    return value.map((item: unknown, i) =>
      restoredAt(item, Array.isArray(stored) ? stored[i] : undefined, rest, false),
    );
  }
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = { ...value };
  const known = isRecord(stored) ? stored : {};
  // Behind a star every key is one the sender names, so one that is left out is gone.
  const keep = keepOmitted && head !== "*";
  for (const key of head === "*" ? Object.keys(copy) : [head]) {
    const inner = restoredAt(copy[key], known[key], rest, keep);
    if (inner === undefined || (inner === null && rest.length === 0)) delete copy[key];
    else copy[key] = inner;
  }
  return copy;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
