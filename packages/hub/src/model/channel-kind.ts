/** The port of a channel: one way to tell people. What stands in front of it retries, keeps the order, and counts. */
import type { Parsed } from "@belfry/contract";
import type { TSchema } from "typebox";
import type { Clock } from "./clock.ts";
import type { Notice } from "./notice.ts";

/**
 * What became of a notice. `retry`: the provider is away or busy; after `afterMs` where it said so. `refused`: this notice
 * will never be taken. `misconfigured`: nothing will be taken until somebody changes a setting; notices wait. Texts hold no
 * secrets.
 */
export type SendResult =
  | { readonly kind: "sent" }
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "misconfigured"; readonly why: string };

/** What went over the wire, for the log of deliveries: without secrets, each at most 4,000 characters. */
export interface Exchange {
  readonly request: string;
  readonly answer: string | null;
}

export interface Sent {
  readonly result: SendResult;
  readonly exchange: Exchange;
}

/** An open channel. Calls never overlap. */
export interface Channel extends AsyncDisposable {
  /** Tells a notice. Ends soon after the signal. Throws only for its own defects. */
  send(notice: Notice, signal: AbortSignal): Promise<Sent>;
}

export interface ChannelParts {
  readonly clock: Clock;
  /** Why an address must not be dialled (link-local, metadata, or as configured); undefined: it may. */
  readonly refuseAddress: (address: string) => string | undefined;
  /** Name and version for `User-Agent`. */
  readonly userAgent: string;
}

export interface ChannelKind {
  /** As in configuration: `slack`, `email`. */
  readonly kind: string;
  readonly title: string;
  /** JSON Schema of its settings, with titles, units and defaults. */
  readonly schema: TSchema;
  /** Names of settings that are written and never read back. */
  readonly secrets: readonly string[];
  /** What the provider allows: at most so many notices in so many ms; more wait. */
  readonly limit: { readonly notices: number; readonly perMs: number };
  /** Checks settings; problems are named by their path. */
  parseSettings(settings: unknown, at?: string): Parsed<object>;
  /** `settings` as `parseSettings` gave them. Opens nothing that can fail: that is `send`'s to tell. */
  create(settings: object, parts: ChannelParts): Channel;
}
