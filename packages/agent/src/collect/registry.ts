/** Every collector, per platform. Adding one is a line here. A sample lists its series in this order. */
import type { CollectorSpec } from "./collector.ts";
import { load } from "./load.ts";

const linux: readonly CollectorSpec[] = [
  // core
  load,
  // at paces of their own
];

const darwin: readonly CollectorSpec[] = [];

/** The collectors of a platform (as `process.platform` names it); none where Belfry has none. */
export function collectorsFor(platform: NodeJS.Platform): readonly CollectorSpec[] {
  if (platform === "linux") return linux;
  return platform === "darwin" ? darwin : [];
}
