/**
 * Sessions of pages: a key is traded for a token in a cookie, because an event stream cannot send headers and a page
 * should not keep a key. A session lasts as long as it is used (sliding), ends with its key, and every change made
 * through it must carry its CSRF token. Only the SHA-256 of the token is stored.
 *
 * Sliding: when half of its life is over, a session is replaced by a new one with the same CSRF token; the former one
 * stays until it expires, so that requests under way are not cut off.
 */
import type { ApiKey } from "../../model/access.ts";
import type { Clock } from "../../model/clock.ts";
import type { KeyId } from "../../model/id.ts";
import { createToken, hashSecret } from "./secret.ts";

/** A session as it is stored. Times are epoch ms. */
export interface Session {
  readonly hash: string;
  readonly keyId: KeyId;
  readonly csrf: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface SessionStore {
  createSession(session: Session): Promise<void>;
  session(hash: string): Promise<Session | undefined>;
  deleteSession(hash: string): Promise<void>;
}

export interface Sessions {
  /** Opens a session; the token goes into the cookie. */
  open(key: ApiKey): Promise<{ readonly token: string; readonly session: Session }>;
  /**
   * The session of a token with its key; undefined when it has expired or its key was revoked. `renewed` is the token
   * that replaces the one shown.
   */
  find(token: string): Promise<FoundSession | undefined>;
  close(token: string): Promise<void>;
  /** Remembers none: another hub may have ended some. */
  forget(): void;
}

export interface FoundSession {
  readonly session: Session;
  readonly key: ApiKey;
  readonly renewed: string | undefined;
}

export interface SessionParts {
  readonly clock: Clock;
  readonly store: SessionStore;
  /** The key with this id, unless it was revoked. */
  readonly keyById: (id: KeyId) => Promise<ApiKey | undefined>;
}

const freshForMs = 5_000;
const mostKept = 1_000;

/** Makes the sessions. `lifetimeMs` is how long an unused session lasts. */
export function createSessions(lifetimeMs: number, parts: SessionParts): Sessions {
  const { clock, store } = parts;
  const kept = new Map<string, { readonly session: Session; readonly at: number }>();

  async function open(
    keyId: KeyId,
    csrf: string,
  ): Promise<{ readonly token: string; readonly session: Session }> {
    const token = createToken();
    const now = clock.now();
    const session: Session = {
      hash: hashSecret(token),
      keyId,
      csrf,
      createdAt: now,
      expiresAt: now + lifetimeMs,
    };
    await store.createSession(session);
    return { token, session };
  }

  async function read(hash: string): Promise<Session | undefined> {
    const known = kept.get(hash);
    if (known !== undefined && clock.monotonicMs() - known.at < freshForMs) return known.session;
    kept.delete(hash);
    const session = await store.session(hash);
    if (session === undefined) return undefined;
    if (kept.size >= mostKept) kept.clear();
    kept.set(hash, { session, at: clock.monotonicMs() });
    return session;
  }

  return {
    open: (key) => open(key.id, createToken()),
    async find(token) {
      const session = await read(hashSecret(token));
      const now = clock.now();
      if (session === undefined || session.expiresAt <= now) return undefined;
      const key = await parts.keyById(session.keyId);
      if (key === undefined) return undefined;
      if (session.expiresAt - now > lifetimeMs / 2) return { session, key, renewed: undefined };
      const next = await open(session.keyId, session.csrf);
      return { session: next.session, key, renewed: next.token };
    },
    async close(token) {
      const hash = hashSecret(token);
      kept.delete(hash);
      await store.deleteSession(hash);
    },
    forget: () => kept.clear(),
  };
}
