/**
 * The first key. Where keys are required and none exists, the start makes one with the scope `admin` and writes it to a
 * file only its owner can read, so that nobody is locked out and nothing is printed into a log. A key known beforehand
 * (`admin_key`) is entered instead; when the setting changes, the former one is revoked.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { hashSecret, prefixOf } from "../api/access/secret.ts";
import type { Settings } from "../config/settings.ts";
import { AppError } from "../model/error.ts";
import { adminKeyFile } from "./backup/installation.ts";
import { auditOf, freshKey, type KeyCommandParts, type KeyStore } from "./key.ts";

const firstName = "first admin key";
const configuredName = "admin_key of the settings";

/**
 * Makes sure that somebody can get in. Answers with the file a key was written to just now, or null when there was
 * nothing to do. Rejects when the file cannot be written, and then no key was stored; throws an `AppError` (`conflict`)
 * when the configured key was revoked before.
 */
export async function ensureAdminKey(
  settings: Pick<Settings, "auth" | "adminKey" | "dataDir">,
  parts: Pick<KeyCommandParts, "clock" | "newId"> & { readonly keys: KeyStore },
): Promise<string | null> {
  await enterConfiguredKey(settings.adminKey, parts);
  if (settings.auth !== "keys" || settings.adminKey !== null) return null;
  const existing = await parts.keys.keys();
  const isUsable = existing.some((key) => key.revokedAt === null && key.scopes.includes("admin"));
  if (isUsable) return null;
  const { key, secret } = freshKey(firstName, ["admin"], parts);
  const file = join(settings.dataDir, adminKeyFile);
  const handle = await open(file, "w", 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await parts.keys.createKey(key, auditOf("create", key, key.createdAt));
  return file;
}

async function enterConfiguredKey(
  secret: string | null,
  parts: Pick<KeyCommandParts, "clock" | "newId"> & { readonly keys: KeyStore },
): Promise<void> {
  const existing = await parts.keys.keys();
  const hash = secret === null ? null : hashSecret(secret);
  const now = parts.clock.now();
  for (const key of existing) {
    if (key.name !== configuredName || key.revokedAt !== null || key.hash === hash) continue;
    await parts.keys.revokeKey(key.id, now, auditOf("revoke", key, now));
  }
  if (secret === null || hash === null) return;
  const known = existing.find((key) => key.hash === hash);
  if (known?.revokedAt === null) return;
  if (known !== undefined) {
    throw new AppError(
      "conflict",
      "admin_key: this key was revoked; the settings need another one",
    );
  }
  const { key } = freshKey(configuredName, ["admin"], parts);
  const entered = { ...key, hash, prefix: prefixOf(secret) };
  await parts.keys.createKey(entered, auditOf("create", entered, now));
}
