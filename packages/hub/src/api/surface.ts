/**
 * The surfaces of the hub. A surface decides how its errors are worded and can be opened to networks whose clients can
 * send no credentials.
 */

/** `native`: `/api/v1` and the pages; `operations`: health and metrics; the others are drop-in surfaces. */
export type Surface =
  | "native"
  | "operations"
  | "amaunator"
  | "monitoring_stack"
  | "monitoring_component"
  | "prometheus"
  | "alertmanager"
  | "healthchecks"
  | "uptime_kuma";

/** Surfaces that may be opened to networks without a key. */
export const openableSurfaces = [
  "operations",
  "amaunator",
  "monitoring_stack",
  "monitoring_component",
  "prometheus",
  "alertmanager",
] as const satisfies readonly Surface[];
export type OpenableSurface = (typeof openableSurfaces)[number];

const paths: readonly (readonly [RegExp, Surface])[] = [
  [/^\/(targets|stats)(\/|$)/, "amaunator"],
  [/^\/(data|details|hosts)(\/|$)/, "monitoring_stack"],
  [/^\/v1(\/|$)/, "monitoring_component"],
  [/^\/ping(\/|$)/, "healthchecks"],
  [/^\/api\/push(\/|$)/, "uptime_kuma"],
  [/^\/prometheus(\/|$)/, "prometheus"],
  [/^\/(api\/v2|-)(\/|$)/, "alertmanager"],
];

/** The surface that answers a path no route was found for. */
export function surfaceOfPath(path: string): Surface {
  return paths.find(([pattern]) => pattern.test(path))?.[1] ?? "native";
}
