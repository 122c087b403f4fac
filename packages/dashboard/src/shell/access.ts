/**
 * Who is looking.
 *
 *   asking ─ the hub knows us ─> in ─ a request answered 401 ─> out ─ a key was given ─> in
 *          └ it asks for a key ─> out
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { SessionView } from "@belfry/contract";
import type { Client } from "../api/client.ts";
import { isUnauthenticated, type Failure } from "../api/failure.ts";

export type AccessState =
  | { readonly kind: "asking" }
  | { readonly kind: "in"; readonly session: SessionView | null }
  | { readonly kind: "out" };

export interface Access {
  readonly state: ReadonlySignal<AccessState>;
  /** Asks the hub who we are. */
  ask(): Promise<void>;
  /** Trades a key for a session; answers with what was wrong, or undefined. */
  signIn(key: string): Promise<Failure | undefined>;
  signOut(): Promise<void>;
}

/** Holds the state of access; `expelled` is called by requests that were answered 401. */
export function createAccess(client: () => Client): Access & {
  csrfToken(): string | null;
  expelled(): void;
} {
  const state = signal<AccessState>({ kind: "asking" });
  return {
    state,
    csrfToken: () => (state.value.kind === "in" ? (state.value.session?.csrf_token ?? null) : null),
    expelled() {
      state.value = { kind: "out" };
    },
    async ask() {
      const reply = await client().session();
      if (reply.kind === "ok") state.value = { kind: "in", session: reply.value };
      else if (isUnauthenticated(reply.failure)) state.value = { kind: "out" };
      // Not reachable: the pages say so themselves, and go on as soon as it is.
      else if (state.value.kind === "asking") state.value = { kind: "in", session: null };
    },
    async signIn(key) {
      const reply = await client().signIn(key);
      if (reply.kind === "failed") return reply.failure;
      state.value = { kind: "in", session: reply.value };
      return undefined;
    },
    async signOut() {
      await client().signOut();
      state.value = { kind: "out" };
    },
  };
}

/** Whether changes may be made; without knowing better, they are offered. */
export function mayWrite(state: AccessState): boolean {
  if (state.kind !== "in" || state.session === null) return true;
  return state.session.scopes.some((scope) => scope === "write" || scope === "admin");
}

/** The same for what only administrators do. */
export function mayAdminister(state: AccessState): boolean {
  if (state.kind !== "in" || state.session === null) return true;
  return state.session.scopes.some((scope) => scope === "admin");
}
