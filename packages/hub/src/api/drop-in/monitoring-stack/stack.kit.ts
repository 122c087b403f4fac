/** For tests of the Monitoring Stack's surface: what its forwarder posts. */
import type { Json } from "@belfry/contract";
import { startOfTime, type Ask, type TestAnswer, type TestHub } from "../../hub.kit.ts";
import { defaultApiSettings, type ApiSettings } from "../../settings.ts";

/** The start of time of test hubs, in epoch seconds. */
export const now = startOfTime / 1000;

/** What a post must have. */
export const plain = { hostname: "web-1", cpu: 12.3, ram: 45.6, disk: 78.9, timestamp: now };

/** Posts `plain` with some fields in place of its own. */
export function post(
  hub: TestHub,
  fields: { readonly [key: string]: Json } = {},
  ask: Ask = {},
): Promise<TestAnswer> {
  return hub.ask("POST", "/metrics", { ...ask, body: { ...plain, ...fields } });
}

/** Settings of a hub with some of the surface's in place of the defaults. */
export function stackSettings(
  over: Partial<ApiSettings["monitoringStack"]>,
): Pick<ApiSettings, "monitoringStack"> {
  return { monitoringStack: { ...defaultApiSettings.monitoringStack, ...over } };
}
