/**
 * What people set about alerts: who is told, when not, and what rings besides the built-in troubles. Kept as it is written
 * on the wire (snake case), because nothing is computed from it but decisions; only times are epoch ms.
 */
import type {
  AlertRouteInput,
  AlertRuleInput,
  MaintenanceInput,
  Matcher,
  WindowSchedule,
} from "@belfry/contract";
import type { Id, MonitorId } from "./id.ts";
import type { ChannelId } from "./notice.ts";

export type AlertRouteId = Id<"alert_route">;
export type SilenceId = Id<"silence">;
export type MaintenanceId = Id<"maintenance">;

interface Kept<I extends string> {
  readonly id: I;
  /** Starts at 1, grows by one with every change. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What follows something that people change elsewhere. */
interface Managed {
  /** The variable of the environment, or `belfry.yaml`, that it was made from and follows; left out: people change it. */
  readonly managedBy?: string;
}

export interface ChannelSettings extends Kept<ChannelId>, Managed {
  readonly name: string;
  /** A key of the registry of channel kinds. */
  readonly kind: string;
  readonly enabled: boolean;
  readonly isDefault: boolean;
  readonly isFallback: boolean;
  /** As they were written and checked, secrets included; `parseSettings` of the kind reads them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface AlertRoute extends Kept<AlertRouteId>, Managed {
  readonly route: Omit<AlertRouteInput, "channels"> & { readonly channels: readonly ChannelId[] };
}

export interface Silence extends Kept<SilenceId> {
  readonly matchers: readonly Matcher[];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly comment: string;
  readonly createdBy: string;
}

export interface MaintenanceWindow extends Kept<MaintenanceId>, Managed {
  readonly name: string;
  readonly enabled: boolean;
  readonly matchers: MaintenanceInput["matchers"];
  readonly monitors: readonly MonitorId[];
  readonly schedule: WindowSchedule;
  readonly description: string;
}

/** An own rule, or what was changed of a built-in one, which then has the built-in's name as its id. */
export interface AlertRuleSettings extends Kept<string>, Managed {
  readonly rule: AlertRuleInput;
}

/** What is kept of each kind. */
export interface AlertSettings {
  readonly channel: ChannelSettings;
  readonly alert_route: AlertRoute;
  readonly silence: Silence;
  readonly maintenance: MaintenanceWindow;
  readonly alert_rule: AlertRuleSettings;
}
export type AlertSettingKind = keyof AlertSettings;

/** Why what follows something cannot be changed through the API; undefined where people change it. */
export function managedRefusal(
  noun: string,
  { managedBy }: { readonly managedBy?: string },
): string | undefined {
  return managedBy === undefined ? undefined : `This ${noun} follows ${managedBy}: change it there`;
}

/** Routes as they are tried: those that follow the file before all others, then by position. */
export function routesInOrder(routes: readonly AlertRoute[]): readonly AlertRoute[] {
  const rank = ({ managedBy }: AlertRoute): number => (managedBy === undefined ? 1 : 0);
  return routes.toSorted((a, b) => rank(a) - rank(b) || a.route.position - b.route.position);
}

/** Everything that deciding about notices looks at. */
export interface AlertPolicy {
  readonly channels: readonly ChannelSettings[];
  /** As they are tried. */
  readonly routes: readonly AlertRoute[];
  readonly silences: readonly Silence[];
  readonly maintenance: readonly MaintenanceWindow[];
}
