/** `belfry key create|list|revoke`: API keys, straight in the database; a running hub knows of them within 5 s. */
import { parseId } from "../model/id.ts";
import { scopes as allScopes, type ApiKey, type AuditEntry, type Scope } from "../model/access.ts";
import type { Clock } from "../model/clock.ts";
import type { IdMaker, KeyId } from "../model/id.ts";
import { createKeySecret } from "../api/access/secret.ts";
import { didYouMean } from "../config/suggest.ts";

/** What these commands ask of the store. */
export interface KeyStore {
  keys(): Promise<readonly ApiKey[]>;
  createKey(key: ApiKey, audit: AuditEntry): Promise<void>;
  /** false: there is no such key, or it was revoked before. */
  revokeKey(id: KeyId, at: number, audit: AuditEntry): Promise<boolean>;
}

export interface KeyCommandParts {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly clock: Pick<Clock, "now">;
  readonly newId: IdMaker;
  /** Opened only when the command line holds up. */
  readonly openKeys: () => Promise<KeyStore & AsyncDisposable>;
}

const actor = "command";

/** Makes a key and prints it. Ends with 2 for a name or scope that cannot be. */
export async function createKey(
  name: string,
  scopes: readonly string[],
  json: boolean,
  parts: KeyCommandParts,
): Promise<number> {
  const trimmed = name.trim();
  // oxlint-disable-next-line no-control-regex -- a name without control characters is what is asked for
  if (!/^[^\u0000-\u001f\u007f]{1,100}$/.test(trimmed)) {
    return refuse(`NAME: expected 1 to 100 characters, found ${JSON.stringify(name)}`, parts);
  }
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, allScopes);
    return refuse(`--scope: expected ${allScopes.join(", ")}, found ${unknown}${hint}`, parts);
  }
  const wanted = scopes.length === 0 ? (["read"] as const) : [...new Set(scopes.filter(isScope))];
  const { key, secret } = freshKey(trimmed, wanted, parts);
  await using store = await parts.openKeys();
  await store.createKey(key, auditOf("create", key, key.createdAt));
  const { id, prefix } = key;
  if (json) {
    const view = { id, name: key.name, scopes: key.scopes, prefix, key: secret };
    parts.stdout(`${JSON.stringify(view, null, 2)}\n`);
  } else {
    parts.stdout(`${secret}\n`);
    parts.stderr(`Key ${id} (${wanted.join(", ")}). It is shown this once; keep it safe.\n`);
  }
  return 0;
}

/** Prints every key, the revoked ones too. */
export async function listKeys(json: boolean, parts: KeyCommandParts): Promise<number> {
  await using store = await parts.openKeys();
  const keys = (await store.keys()).map((key) => ({
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    created_at: timeText(key.createdAt),
    last_used_at: timeText(key.lastUsedAt),
    revoked_at: timeText(key.revokedAt),
  }));
  if (json) {
    parts.stdout(`${JSON.stringify({ items: keys }, null, 2)}\n`);
    return 0;
  }
  for (const key of keys) {
    const state =
      key.revoked_at === null
        ? `last used ${key.last_used_at ?? "never"}`
        : `revoked ${key.revoked_at}`;
    parts.stdout(`${key.id}  ${key.prefix}…  ${key.scopes.join(",")}  ${state}  ${key.name}\n`);
  }
  if (keys.length === 0) parts.stderr("There are no keys.\n");
  return 0;
}

/** Revokes the key with this id, or the only one whose text begins like this. Ends with 1 when there is none. */
export async function revokeKey(wanted: string, parts: KeyCommandParts): Promise<number> {
  await using store = await parts.openKeys();
  const id = parseId<"key">(wanted);
  const active = (await store.keys()).filter((key) => key.revokedAt === null);
  const found = active.filter(
    (key) => key.id === id || (key.prefix.length > 0 && wanted.startsWith(key.prefix)),
  );
  const [key] = found;
  if (key === undefined) return fail(`there is no key ${shownKey(wanted)} that is in use`, parts);
  if (found.length > 1) return fail(`${found.length} keys begin like this; name the id`, parts);
  const at = parts.clock.now();
  if (!(await store.revokeKey(key.id, at, auditOf("revoke", key, at)))) {
    return fail(`key ${key.id} was revoked before`, parts);
  }
  parts.stdout(`Revoked ${key.id} (${key.name}).\n`);
  return 0;
}

/** Makes a key with a fresh secret, not yet stored. */
export function freshKey(
  name: string,
  scopes: readonly Scope[],
  parts: Pick<KeyCommandParts, "clock" | "newId">,
): { readonly key: ApiKey; readonly secret: string } {
  const { secret, prefix, hash } = createKeySecret();
  const createdAt = parts.clock.now();
  const id = parts.newId<"key">(createdAt);
  return {
    secret,
    key: { id, name, hash, prefix, scopes, createdAt, lastUsedAt: null, revokedAt: null },
  };
}

/** What the audit keeps of a key that was made or revoked by a command or at the start. */
export function auditOf(action: string, key: ApiKey, at: number): AuditEntry {
  const { name, prefix, scopes } = key;
  return {
    at,
    actor,
    action,
    resource: "key",
    resourceId: key.id,
    detail: { name, prefix, scopes },
  };
}

function isScope(text: string): text is Scope {
  return allScopes.some((scope) => scope === text);
}

/** A whole key typed by mistake is not repeated. */
function shownKey(text: string): string {
  return text.length > 40 ? `${text.slice(0, 8)}…` : text;
}

function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function refuse(problem: string, { stderr }: KeyCommandParts): number {
  stderr(`belfry: key create: ${problem}\n`);
  return 2;
}

function fail(problem: string, { stderr }: KeyCommandParts): number {
  stderr(`belfry: ${problem}\n`);
  return 1;
}
