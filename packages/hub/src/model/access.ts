/** Who may do what. */
import type { KeyId } from "./id.ts";

/**
 * `read` < `write` < `admin` contain one another; `ingest` (agents, jobs, imports) and `worker` (processes that check
 * elsewhere, which are told secrets of monitors) stand alone.
 */
export const scopes = ["read", "write", "ingest", "worker", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** Whoever made a request: a key, a page's session (made from a key), or anybody on a loopback without keys. */
export type Principal =
  | {
      readonly kind: "key";
      readonly keyId: KeyId;
      readonly name: string;
      readonly scopes: readonly Scope[];
    }
  | {
      readonly kind: "session";
      readonly keyId: KeyId;
      readonly name: string;
      readonly scopes: readonly Scope[];
    }
  | { readonly kind: "loopback"; readonly name: string; readonly scopes: readonly Scope[] };

/** An API key as it is stored: only its SHA-256 is kept (keys are 256 random bits, so no slow hash is needed). */
export interface ApiKey {
  readonly id: KeyId;
  readonly name: string;
  readonly hash: string;
  /** The first characters, to recognise a key by. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** One thing a person, key or command did. Written in the same transaction as what it describes. */
export interface AuditEntry {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly resourceId: string;
  /** What changed, without secrets. */
  readonly detail: unknown;
}

/** Says that an answer under an `Idempotency-Key` of one principal is under way. */
export interface AnswerClaim {
  readonly principal: string;
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly requestHash: string;
  /** Epoch ms. */
  readonly at: number;
}
