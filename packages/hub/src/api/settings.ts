/** Settings of the API. Everything has a default but `auth`, which follows from where Belfry listens. */
import type { OpenableSurface } from "./surface.ts";

/**
 * `keys`: every request needs a key or session. `loopback`: requests from this machine need none, as long as no other
 * site and no proxy made them. `off`: nobody needs one.
 */
export type AuthMode = "keys" | "loopback" | "off";

export interface ApiSettings {
  readonly auth: AuthMode;
  /** Networks (CIDR) whose clients may use a surface without a key; for drop-in clients that can send none. */
  readonly openTo: Readonly<Partial<Record<OpenableSurface, readonly string[]>>>;
  /** Proxies (CIDR) whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  readonly trustedProxies: readonly string[];
  readonly rateLimit: {
    /** Requests of one principal (or address, where there is none) per window. */
    readonly max: number;
    readonly windowMs: number;
    /** Credentials that fit nobody, per address and minute. */
    readonly failedAttempts: number;
  };
  /** How long an unused page session lasts, in ms. */
  readonly sessionLifetimeMs: number;
  /** Largest body of an import, in bytes; other bodies are limited to 1 MiB. */
  readonly importLimitBytes: number;
  /** false: no pages; the API stays. */
  readonly dashboard: boolean;
  /** Of the Monitoring Stack's surface. */
  readonly monitoringStack: {
    /** What its clients show on its dangerous routes, which then need it or a key of Belfry; null: as all routes. */
    readonly apiKey: string | null;
    /** Posts of one address; 0: no limit. */
    readonly rateLimitPerMinute: number;
    /** Largest post, in bytes. */
    readonly maxContentLength: number;
    /** Larger details are left out of a post; in bytes of JSON. */
    readonly maxDetailsBytes: number;
    /** A host that is silent for longer is not `online`. */
    readonly offlineThresholdSeconds: number;
    readonly serverVersion: string;
    readonly expectedClientVersion: string;
  };
  /** Of monitors that do not say how often and how long they are checked, in ms. */
  readonly checks: { readonly defaultIntervalMs: number; readonly defaultTimeoutMs: number };
}

/** The settings a file leaves out. */
export const defaultApiSettings = {
  openTo: {},
  trustedProxies: [],
  rateLimit: { max: 60_000, windowMs: 60_000, failedAttempts: 20 },
  sessionLifetimeMs: 7 * 86_400_000,
  importLimitBytes: 32 * 1024 * 1024,
  dashboard: true,
  monitoringStack: {
    apiKey: null,
    rateLimitPerMinute: 0,
    maxContentLength: 524_288,
    maxDetailsBytes: 65_536,
    offlineThresholdSeconds: 300,
    serverVersion: "dev",
    expectedClientVersion: "dev",
  },
  checks: { defaultIntervalMs: 60_000, defaultTimeoutMs: 10_000 },
} as const satisfies Omit<ApiSettings, "auth">;
