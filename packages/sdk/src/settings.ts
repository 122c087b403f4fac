/** What the environment says. It is read once per process, at the first run. */
import { hostname } from "node:os";
import { basename } from "node:path";
import { parseTraceparent } from "./trace.ts";
import type { AppFields, Trace } from "./event.ts";
import { surroundings, type Surroundings } from "./surroundings.ts";
import { optionalText, textOf } from "./text.ts";

/** Every variable the SDK reads, with the older names it understands; the first that is not empty counts. */
export const sdkVariables = {
  sidecarUrl: ["BELFRY_SIDECAR_URL", "SIDECAR_URL"],
  hubUrl: ["BELFRY_HUB_URL"],
  hubKey: ["BELFRY_HUB_KEY"],
  spoolFile: ["BELFRY_SPOOL_FILE"],
  site: ["BELFRY_SITE_ID", "SITE_ID"],
  app: ["BELFRY_APP", "npm_package_name"],
  appVersion: ["BELFRY_APP_VERSION", "npm_package_version"],
  parentRun: ["BELFRY_PARENT_RUN"],
  traceparent: ["TRACEPARENT"],
  /** `off`: runs are followed, but nothing is sent. */
  sdk: ["BELFRY_SDK"],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What all runs of a process have in common. */
export interface ProcessFacts {
  readonly sidecarUrl: string | undefined;
  readonly hubUrl: string | undefined;
  readonly hubKey: string | undefined;
  readonly spoolFile: string | undefined;
  readonly isOff: boolean;
  readonly site: string;
  readonly app: AppFields;
  readonly parentRun: string | null;
  readonly trace: Trace | null;
  /** Part of the metadata of every `started`. */
  readonly process: { readonly host: string; readonly pid: number; readonly node: string };
  readonly aws: Surroundings | null;
}

export function readFacts(environment: Environment): ProcessFacts {
  const read = (name: keyof typeof sdkVariables): string | undefined =>
    sdkVariables[name].map((variable) => environment[variable]).find((value) => value);
  return {
    sidecarUrl: read("sidecarUrl"),
    hubUrl: read("hubUrl"),
    hubKey: read("hubKey"),
    spoolFile: read("spoolFile"),
    isOff: read("sdk") === "off",
    site: textOf(read("site") ?? "default", 200),
    app: {
      app_id: null,
      name: textOf(read("app") ?? basename(process.argv[1] ?? "node"), 200),
      version: optionalText(read("appVersion"), 100),
    },
    parentRun: optionalText(read("parentRun"), 200),
    trace: parseTraceparent(read("traceparent")),
    process: { host: hostName(), pid: process.pid, node: process.version },
    aws: surroundings(environment),
  };
}

function hostName(): string {
  try {
    return hostname();
  } catch {
    return "unknown";
  }
}
