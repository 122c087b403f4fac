/** How handing over a batch went. */
export type Delivery =
  | { readonly kind: "sent" }
  /** Taken but for some of its events, which are lost. */
  | { readonly kind: "partly"; readonly lost: number; readonly why: string }
  /** Nobody answered, or with an error of their own: the same batch again, later. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  /** The settings are wrong (address, key): kept and tried again, but somebody must hear of it. */
  | { readonly kind: "misconfigured"; readonly why: string }
  /** Will never be taken: halved until the events at fault are found, and those are dropped. */
  | { readonly kind: "refused"; readonly why: string };

/** Where lines go in the end. */
export interface Destination {
  /** For messages; holds no secret. */
  readonly name: string;
  /** A rejection counts as `misconfigured`. */
  deliver(lines: readonly string[]): Promise<Delivery>;
  /** Hands over without the event loop, blocking for at most `timeoutMs`; false: it could not. Never throws. */
  deliverNow(lines: readonly string[], timeoutMs: number): boolean;
  close(): void;
}
