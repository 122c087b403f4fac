/**
 * The API keys in memory, so that no request waits for the database to be let in. Read again when another hub says that
 * they changed, when older than five seconds and when an unknown key turns up, so a key made or revoked by the command
 * takes effect within five seconds. Last use is written at most once a minute.
 */
import type { ApiKey, AuditEntry } from "../../model/access.ts";
import type { Clock } from "../../model/clock.ts";
import type { KeyId } from "../../model/id.ts";
import { hashSecret, isSameText } from "./secret.ts";

export interface KeyStore {
  keys(): Promise<readonly ApiKey[]>;
  createKey(key: ApiKey, audit: AuditEntry): Promise<void>;
  revokeKey(id: KeyId, at: number, audit: AuditEntry): Promise<boolean>;
  touchKeys(used: readonly { readonly id: KeyId; readonly at: number }[]): Promise<void>;
}

export interface KeyRing extends AsyncDisposable {
  /** The key with this text; undefined when there is none or it was revoked. Notes its use. */
  find(secret: string): Promise<ApiKey | undefined>;
  /** The key with this id, unless it was revoked. */
  byId(id: KeyId): Promise<ApiKey | undefined>;
  all(): Promise<readonly ApiKey[]>;
  create(key: ApiKey, audit: AuditEntry): Promise<void>;
  /** false: there is no such key, or it was revoked before. */
  revoke(id: KeyId, audit: AuditEntry): Promise<boolean>;
  /** Reads them again: another hub changed some. */
  reread(): Promise<void>;
}

const freshForMs = 5_000;
const unknownRereadMs = 1_000;
const touchEveryMs = 60_000;

/** Makes the ring. `onError` is told of last uses that could not be written, `onRevoked` of keys that hold no longer. */
export function createKeyRing(
  store: KeyStore,
  clock: Clock,
  onError: (error: unknown) => void,
  onRevoked: (id: KeyId) => void = () => undefined,
): KeyRing {
  let keys: readonly ApiKey[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const uses = createLastUses(store, clock, onError);

  async function read(): Promise<void> {
    reading ??= (async () => {
      try {
        const startedAt = clock.monotonicMs();
        const before = keys;
        keys = await store.keys();
        readAt = startedAt;
        const holds = new Set(keys.flatMap((key) => (key.revokedAt === null ? [key.id] : [])));
        for (const { id, revokedAt } of before) {
          if (revokedAt === null && !holds.has(id)) onRevoked(id);
        }
      } finally {
        reading = undefined;
      }
    })();
    await reading;
  }
  async function freshen(maxAgeMs: number): Promise<void> {
    if (clock.monotonicMs() - readAt > maxAgeMs) await read();
  }
  function match(hash: string): ApiKey | undefined {
    return keys.find((key) => key.revokedAt === null && isSameText(key.hash, hash));
  }
  return {
    async find(secret) {
      const hash = hashSecret(secret);
      await freshen(freshForMs);
      let key = match(hash);
      if (key === undefined) {
        await freshen(unknownRereadMs);
        key = match(hash);
      }
      if (key === undefined) return undefined;
      uses.note(key.id);
      return key;
    },
    async byId(id) {
      await freshen(freshForMs);
      return keys.find((key) => key.id === id && key.revokedAt === null);
    },
    async all() {
      await read();
      return keys;
    },
    async create(key, audit) {
      await store.createKey(key, audit);
      await read();
    },
    async revoke(id, audit) {
      const revoked = await store.revokeKey(id, clock.now(), audit);
      await read();
      return revoked;
    },
    async reread() {
      // One that is under way may have begun before the change.
      await reading?.catch(() => undefined);
      await read();
    },
    [Symbol.asyncDispose]: () => uses.flush(),
  };
}

/** When keys were last used, on its way to the store. */
function createLastUses(
  store: Pick<KeyStore, "touchKeys">,
  clock: Clock,
  onError: (error: unknown) => void,
): { note(id: KeyId): void; flush(): Promise<void> } {
  const used = new Map<KeyId, number>();
  let touchedAt = clock.monotonicMs();
  let flushed = Promise.resolve();
  function flush(): Promise<void> {
    const batch = [...used].map(([id, at]) => ({ id, at }));
    used.clear();
    touchedAt = clock.monotonicMs();
    if (batch.length > 0) {
      flushed = flushed.then(() => store.touchKeys(batch)).catch(onError);
    }
    return flushed;
  }
  return {
    flush,
    note(id) {
      used.set(id, clock.now());
      if (clock.monotonicMs() - touchedAt > touchEveryMs) void flush();
    },
  };
}
