/** For tests: keys that are there. */
import type { ApiKey, Scope } from "../../model/access.ts";
import type { Clock } from "../../model/clock.ts";
import { createId } from "../../model/id.ts";
import type { ApiParts } from "../parts.ts";
import { createKeySecret } from "./secret.ts";

/** Stores a key and gives its text. */
export async function storeKey(
  store: ApiParts["store"],
  clock: Clock,
  scopes: readonly Scope[],
): Promise<string> {
  const { secret, prefix, hash } = createKeySecret();
  const now = clock.now();
  const key: ApiKey = {
    id: createId<"key">(now),
    name: scopes.join("+"),
    hash,
    prefix,
    scopes,
    createdAt: now,
    lastUsedAt: null,
    revokedAt: null,
  };
  const audit = {
    at: now,
    actor: "test",
    action: "create",
    resource: "key",
    resourceId: key.id,
    detail: {},
  };
  await store.createKey(key, audit);
  return secret;
}
