/** What the hub's thread and that of remote write say to each other. */
import type { Gathered } from "./gather.ts";
import type { RemoteWriteStatus } from "./status.ts";
import type { StoreSettings } from "./store.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly settings: StoreSettings;
  readonly compileCache: string | null;
}

export type ToThread =
  | { readonly kind: "put"; readonly batch: Gathered }
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "opened" }
  /** It cannot be opened; nothing follows. `code` is that of a `SpoolError`. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** The batch handed in last is on disk. */
  | { readonly kind: "stored" }
  | {
      readonly kind: "status";
      readonly status: Pick<RemoteWriteStatus, "destinations" | "spool">;
    }
  | {
      readonly kind: "log";
      readonly level: "info" | "warn";
      readonly fields: object;
      readonly message: string;
    };
