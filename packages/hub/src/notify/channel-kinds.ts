/** All kinds of channels, by the name that settings have for them. */
import { bad, type Parsed } from "@belfry/contract";
import type { ChannelKind } from "../model/channel-kind.ts";
import { discordKind } from "./discord/kind.ts";
import { emailKind } from "./email/kind.ts";
import { slackKind } from "./slack/kind.ts";
import { teamsKind } from "./teams/kind.ts";
import { alertmanagerKind } from "./alertmanager/kind.ts";
import { appriseKind } from "./apprise/kind.ts";
import { ntfyKind } from "./ntfy/kind.ts";
import { opsgenieKind } from "./opsgenie/kind.ts";
import { pagerdutyKind } from "./pagerduty/kind.ts";
import { telegramKind } from "./telegram/kind.ts";
import { statixKind } from "./statix/kind.ts";
import { webhookKind } from "./webhook/kind.ts";

const kinds: readonly ChannelKind[] = [
  emailKind,
  slackKind,
  discordKind,
  teamsKind,
  webhookKind,
  telegramKind,
  pagerdutyKind,
  opsgenieKind,
  ntfyKind,
  appriseKind,
  alertmanagerKind,
  statixKind,
];

/** By kind. */
export const channelKinds: ReadonlyMap<string, ChannelKind> = new Map(
  kinds.map((kind) => [kind.kind, kind]),
);

/** Checks the settings of a kind by its name; problems are named by their path within them. */
export function parseChannelSettings(kind: string, settings: unknown): Parsed<unknown> {
  const found = channelKinds.get(kind);
  if (found !== undefined) return found.parseSettings(settings);
  return bad({ path: "", message: `there is no kind ${JSON.stringify(kind)}` });
}
