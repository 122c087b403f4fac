import type { Emitter } from "../event.ts";
import type { ProcessFacts } from "../settings.ts";
import { HubEmitter, SidecarEmitter } from "./sidecar.ts";
import { SilentEmitter } from "./simple.ts";

/** The emitter the environment asks for: none, a hub, else a sidecar. */
export function defaultEmitter(facts: ProcessFacts): Emitter {
  if (facts.isOff) return new SilentEmitter();
  const options = facts.spoolFile === undefined ? {} : { spoolFile: facts.spoolFile };
  return facts.hubUrl === undefined
    ? new SidecarEmitter(facts.sidecarUrl, options)
    : new HubEmitter(facts.hubUrl, facts.hubKey, options);
}
