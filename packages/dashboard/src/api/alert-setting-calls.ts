/** The calls of what people set for alerting: channels, routes, rules, silences and maintenance windows. */
import type {
  AlertRouteInput,
  AlertRouteView,
  AlertRuleInput,
  AlertRuleView,
  ChannelInput,
  ChannelKindView,
  ChannelTestView,
  ChannelView,
  MaintenanceInput,
  MaintenanceView,
  RulePreviewView,
  RuleReplayView,
  SilenceInput,
  SilenceView,
} from "@belfry/contract";
import type { Span } from "../route/route.ts";
import type { Whole } from "./alert-calls.ts";
import type { Reply } from "./failure.ts";
import { withSignal } from "./query.ts";
import type { Requester } from "./request.ts";

const api = "/api/v1";

/** Makes the calls of silences and maintenance windows. */
export function alertSettingCalls(ask: Requester["ask"]) {
  return {
    silences: (): Promise<Reply<Whole<SilenceView>>> => ask("GET", `${api}/silences?limit=500`),
    saveSilence: (kept: Kept | null, input: SilenceInput): Promise<Reply<SilenceView>> =>
      save(ask, "silences", kept, input),
    /** Ends a silence now; it stays in the list. */
    expireSilence: (id: string): Promise<Reply<SilenceView>> =>
      ask("POST", `${api}/silences/${id}/expire`),
    maintenance: (): Promise<Reply<Whole<MaintenanceView>>> =>
      ask("GET", `${api}/maintenance?limit=500`),
    saveMaintenance: (
      kept: Kept | null,
      input: MaintenanceInput,
    ): Promise<Reply<MaintenanceView>> => save(ask, "maintenance", kept, input),
    deleteMaintenance: (id: string): Promise<Reply<undefined>> => remove(ask, "maintenance", id),
  } as const;
}

/** Makes the calls of channels and routes. */
export function channelCalls(ask: Requester["ask"]) {
  return {
    channels: (): Promise<Reply<Whole<ChannelView>>> => ask("GET", `${api}/channels`),
    channelKinds: (): Promise<Reply<Whole<ChannelKindView>>> => ask("GET", `${api}/channel-kinds`),
    saveChannel: (kept: Kept | null, input: ChannelInput): Promise<Reply<ChannelView>> =>
      save(ask, "channels", kept, input),
    deleteChannel: (id: string): Promise<Reply<undefined>> => remove(ask, "channels", id),
    /** Sends a test notice, and waits until the provider has answered. */
    testChannel: (id: string): Promise<Reply<ChannelTestView>> =>
      ask("POST", `${api}/channels/${id}/test`),
    alertRoutes: (): Promise<Reply<Whole<AlertRouteView>>> => ask("GET", `${api}/alert-routes`),
    saveAlertRoute: (kept: Kept | null, input: AlertRouteInput): Promise<Reply<AlertRouteView>> =>
      save(ask, "alert-routes", kept, input),
    deleteAlertRoute: (id: string): Promise<Reply<undefined>> => remove(ask, "alert-routes", id),
  } as const;
}

/** Makes the calls of rules. */
export function ruleCalls(ask: Requester["ask"]) {
  return {
    rules: (): Promise<Reply<Whole<AlertRuleView>>> => ask("GET", `${api}/alert-rules`),
    rule: (id: string): Promise<Reply<AlertRuleView>> => ask("GET", `${api}/alert-rules/${id}`),
    saveRule: (kept: Kept | null, input: AlertRuleInput): Promise<Reply<AlertRuleView>> =>
      save(ask, "alert-rules", kept, input),
    /** Changes some of a rule; `kept` is what was seen of it. */
    patchRule: (kept: Kept, patch: Partial<AlertRuleInput>): Promise<Reply<AlertRuleView>> =>
      ask("PATCH", `${api}/alert-rules/${kept.id}`, { body: patch, ifMatch: kept.version }),
    /** Deletes a rule of one's own; a built-in one is as it comes again. */
    deleteRule: (id: string): Promise<Reply<undefined>> => remove(ask, "alert-rules", id),
    /** When a rule would have rung. */
    replayRule: (
      rule: AlertRuleInput,
      span: Span,
      signal: AbortSignal,
    ): Promise<Reply<RuleReplayView>> =>
      ask("POST", `${api}/alert-rules/replay`, {
        body: {
          rule,
          from: new Date(span.from).toISOString(),
          to: new Date(span.to).toISOString(),
        },
        signal,
      }),
    /** What a rule finds now. */
    previewRule: (rule: AlertRuleInput, signal: AbortSignal): Promise<Reply<RulePreviewView>> =>
      ask("POST", `${api}/alert-rules/preview`, { body: { rule }, ...withSignal(signal) }),
  } as const;
}

/** What is kept already, and the version that is to be changed. */
export interface Kept {
  readonly id: string;
  readonly version: number;
}

function save<T>(
  ask: Requester["ask"],
  resource: string,
  kept: Kept | null,
  body: unknown,
): Promise<Reply<T>> {
  return kept === null
    ? ask("POST", `${api}/${resource}`, { body })
    : ask("PUT", `${api}/${resource}/${kept.id}`, { body, ifMatch: kept.version });
}

function remove(ask: Requester["ask"], resource: string, id: string): Promise<Reply<undefined>> {
  return ask("DELETE", `${api}/${resource}/${id}`);
}
