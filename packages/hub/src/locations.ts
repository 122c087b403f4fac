/** Draws the path of monitors that are checked from several locations beside that of those checked from here alone. */
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import type { Settings } from "./config/settings.ts";
import type { Fleet } from "./fleet/port.ts";
import type { JudgingTable } from "./judge/judging.ts";
import type { Board } from "./live/board.ts";
import { LocationPath, type LocationPathParts } from "./location-path.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface LocationsParts extends Pick<LocationPathParts, "onChecked" | "onStatus"> {
  readonly settings: Pick<Settings, "location">;
  readonly parts: Pick<HubParts, "clock" | "log">;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly checking: Pick<Checking, "check" | "targetOf">;
  readonly metrics: Pick<Metrics, "failed">;
  readonly board: Board;
  readonly judging: JudgingTable;
}

/** A store that is away is told of so often, ms; it is tried every second. */
const tellEveryMs = 30_000;

/** Opens it; `stack` ends it. Nothing is judged before `start`. */
export function openLocations(
  { settings, parts, checking, metrics, ...path }: LocationsParts,
  stack: AsyncDisposableStack,
): LocationPath {
  const { clock, log } = parts;
  let toldMs = Number.NEGATIVE_INFINITY;
  let toldDroppedMs = Number.NEGATIVE_INFINITY;
  let dropped = 0;
  return stack.use(
    new LocationPath({
      ...path,
      clock,
      location: settings.location,
      check: checking.check,
      targetOf: checking.targetOf,
      onError(err) {
        metrics.failed("locations");
        const now = clock.monotonicMs();
        if (now - toldMs < tellEveryMs) return;
        toldMs = now;
        log.error({ err }, "what locations found could not be stored or judged; trying again");
      },
      onDropped(checks) {
        dropped += checks;
        const now = clock.monotonicMs();
        if (now - toldDroppedMs < tellEveryMs) return;
        toldDroppedMs = now;
        log.error({ checks: dropped }, "the store is away for too long: own checks are dropped");
      },
    }),
  );
}

/** A pipeline that hands checks of monitors with several locations to their own path. */
export function withLocations(pipeline: Pipeline, locations: LocationPath): Pipeline {
  return {
    run: (monitor, signal) =>
      monitor.placement === undefined
        ? pipeline.run(monitor, signal)
        : locations.run(monitor, signal),
    conclude: (monitor, outcome, at) => pipeline.conclude(monitor, outcome, at),
    forget(id) {
      pipeline.forget(id);
      locations.forget(id);
    },
  };
}
