/** For tests: check kinds over real parts in a clock that stands still, and the path of calls of heartbeats. */
import { createSoloFleet } from "../fleet/port.ts";
import { createHeartbeatPath, type HeartbeatPath } from "../heartbeats.ts";
import type { CheckKind } from "../model/check-kind.ts";
import { createProbeParts } from "../probe/parts.ts";
import { createCheckKinds } from "../probe/registry.ts";
import type { TestClock } from "./test-clock.kit.ts";

/** Every kind of check; `stack` ends what they share. */
export function openKinds(
  clock: TestClock,
  stack: AsyncDisposableStack,
): ReadonlyMap<string, CheckKind> {
  const outside = { clock, stalls: { stalledBetween: () => 0 }, random: () => 0.5 };
  return createCheckKinds(stack.use(createProbeParts({}, outside)));
}

/** The path of calls, begun; what it would log as an error is thrown. `stack` ends it. */
export function openCalls(
  parts: Omit<Parameters<typeof createHeartbeatPath>[0], "log" | "fleet" | "reopens">,
  stack: AsyncDisposableStack,
): HeartbeatPath {
  const calls = createHeartbeatPath({
    ...parts,
    log: {
      error(_fields, message) {
        throw new Error(message);
      },
    },
    fleet: createSoloFleet(),
    reopens: () => false,
  });
  stack.use(calls);
  calls.start(undefined);
  return calls;
}
