/** The settings as the hub uses them: trusted, frozen, in the units of the code. */
import type { AlertRouteInput, AlertRuleInput, MaintenanceInput } from "@belfry/contract";
import type { OutputSettings, RemoteWriteSettings } from "@belfry/relay";
import type { HostAndPort } from "./address.ts";
import type { PlainConfig } from "./schema.ts";

/** A channel that follows the environment or the file. Its settings are never to be printed. */
export interface ManagedChannel {
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly isDefault: boolean;
  readonly isFallback: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The variable, or `belfry.yaml`. */
  readonly managedBy: string;
}

/** A channel by its name, and where it was named: `belfry.yaml:7: alert_routes[0].channels[1]`. */
export interface NamedChannel {
  readonly name: string;
  readonly place: string;
}

/** A route of the file; its position is that in the list. */
export interface ManagedRoute {
  readonly route: Omit<AlertRouteInput, "position" | "channels" | "escalation">;
  readonly channels: readonly NamedChannel[];
  readonly escalation: readonly {
    readonly after_seconds: number;
    readonly channels: readonly NamedChannel[];
  }[];
  /** The variable it follows; left out: `belfry.yaml`. */
  readonly managedBy?: string;
}

/** A rule of the file as it is to hold. */
export interface ManagedRule {
  /** The id of a built-in rule; null: an own one, which goes by its name. */
  readonly builtIn: string | null;
  readonly rule: AlertRuleInput;
  /** The variable it follows; left out: `belfry.yaml`. */
  readonly managedBy?: string;
}

/** A maintenance window of the file. */
export type ManagedWindow = Omit<MaintenanceInput, "monitors">;

/** The alerts of the Monitoring Stack's server. */
export interface StackAlertSettings {
  /** Never to be printed. */
  readonly webhookUrl: string;
  /** Percent; 0: off. */
  readonly cpuThreshold: number;
  readonly ramThreshold: number;
  readonly cooldownSeconds: number;
}

export interface Settings {
  readonly listen: HostAndPort;
  /** null: people use the address of `listen`. Without a slash at the end. */
  readonly publicUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute path of an SQLite file, or a `postgres://` URL with its password: print it with `shownDatabase`. */
  readonly database: string;
  readonly location: string;
  readonly dashboard: boolean;
  /** `loopback`: no key is needed on this machine, since nobody else can reach the address. */
  readonly auth: "keys" | "loopback" | "off";
  /** A key with the scope `admin` that is known beforehand; never to be printed. */
  readonly adminKey: string | null;
  readonly openTo: {
    readonly operations: readonly string[];
    readonly amaunator: readonly string[];
    readonly monitoring_stack: readonly string[];
    readonly monitoring_component: readonly string[];
    readonly prometheus: readonly string[];
    readonly alertmanager: readonly string[];
  };
  readonly trustedProxies: readonly string[];
  readonly rateLimit: {
    readonly max: number;
    readonly windowMs: number;
    readonly failedAttempts: number;
  };
  readonly sessionLifetimeMs: number;
  readonly importLimitBytes: number;
  readonly log: {
    readonly level: PlainConfig["log"]["level"];
    readonly format: PlainConfig["log"]["format"];
  };
  /** How long a hub goes on serving once it was told to stop, while `/ready` says so; ms. */
  readonly drainMs: number;
  readonly checks: {
    /** false: other processes on the same database check. */
    readonly enabled: boolean;
    readonly maxConcurrent: number;
    readonly maxConcurrentPerHost: number;
    readonly defaultIntervalMs: number;
    readonly defaultTimeoutMs: number;
    readonly anchors: readonly HostAndPort[];
    /** DNS servers, `address` or `address:port`; empty: those of the system. */
    readonly resolvers: readonly string[];
    readonly network: { readonly deny: readonly string[]; readonly allow: readonly string[] };
  };
  /** A worker elsewhere; null: there is no hub to work for. */
  readonly worker: {
    /** As it was given; not checked yet. */
    readonly hub: string;
    /** Never to be printed. */
    readonly key: string;
    /** Absolute path of a PEM file; null: no further authority is trusted. */
    readonly caFile: string | null;
    readonly spoolBytes: number;
  } | null;
  readonly retention: {
    readonly rawMs: number;
    readonly fiveMinutesMs: number;
    readonly hourMs: number;
    readonly maxBytes: number | null;
  };
  /** This machine's own agent; null: it is not watched. Paths have no slash at the end. */
  readonly agent: {
    readonly intervalMs: number;
    readonly diskPath: string;
    readonly roots: { readonly proc: string; readonly sys: string; readonly root: string };
  } | null;
  readonly hosts: { readonly maxSeries: number };
  readonly monitoringStack: {
    /** Never to be printed. */
    readonly apiKey: string | null;
    /** 0: no limit. */
    readonly rateLimitPerMinute: number;
    readonly maxContentLength: number;
    readonly maxDetailsBytes: number;
    /** ms; null: as all others. */
    readonly retentionMs: number | null;
    readonly offlineThresholdSeconds: number;
    readonly serverVersion: string;
    readonly expectedClientVersion: string;
    /** null: nobody is posted alerts. */
    readonly alerts: StackAlertSettings | null;
  };
  readonly dropInPorts: boolean;
  /** Channels that follow the environment or the file. */
  readonly channels: readonly ManagedChannel[];
  /** Those of the file, in its order. */
  readonly alertRoutes: readonly ManagedRoute[];
  readonly alertRules: readonly ManagedRule[];
  readonly maintenance: readonly ManagedWindow[];
  /** Paths are absolute. */
  readonly outputs: readonly OutputSettings[];
  /** Most bytes of records that wait for them. */
  readonly outputsSpoolBytes: number;
  /** Where every sample is sent on to; never to be printed. */
  readonly remoteWrite: readonly RemoteWriteSettings[];
  /** Most bytes of samples that wait for them. */
  readonly remoteWriteSpoolBytes: number;
}
