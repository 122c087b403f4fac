/**
 * `host`: follows whether a machine's agent is heard. Passive: nothing is checked here. Such a monitor is made when a
 * host is heard for the first time, and deleted with the host.
 */
import { Type } from "typebox";
import type { CheckKind } from "../model/check-kind.ts";
import { hostKind } from "../model/host.ts";
import { defineKind } from "./kind.ts";

const HostSettingsSchema = Type.Object({}, { additionalProperties: false });

/** Makes the kind. */
export function createHostKind(): CheckKind {
  const kind = defineKind({
    kind: hostKind,
    title: "Host",
    description: "Follows whether the agent of a machine is heard",
    schema: HostSettingsSchema,
    secrets: [],
    metrics: [],
    real: true,
    problemsOf: () => [],
    targetOf: () => "",
    hostOf: () => "",
    createProbe: () => () => Promise.reject(new TypeError("a host is not checked, it is heard")),
  });
  return { ...kind, passive: true, internal: true };
}
