/** `belfry config check`: the settings as `up` would read them, or every problem. */
import { shownDatabase } from "../config/database.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { listenText } from "../config/check.ts";

interface Writers {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Prints what holds and ends with 0, or prints every problem and ends with 2. */
export function checkConfig(
  loaded: LoadedConfig,
  json: boolean,
  { stdout, stderr }: Writers,
): number {
  if (loaded.kind === "bad") {
    if (json) stdout(`${JSON.stringify({ ok: false, problems: loaded.problems }, null, 2)}\n`);
    else for (const problem of loaded.problems) stderr(`belfry: ${problem}\n`);
    return 2;
  }
  const { settings, file, notes } = loaded;
  if (json) {
    stdout(`${JSON.stringify({ ok: true, file, notes, settings: shown(settings) }, null, 2)}\n`);
    return 0;
  }
  for (const note of notes) stdout(`${note}\n`);
  const access = {
    keys: "with a key",
    loopback: "without a key",
    off: "without a key (auth: off)",
  };
  stdout(
    `${file ?? "no settings file"}: nothing to complain about\n` +
      `listens on ${listenText(settings)}, ${access[settings.auth]}; data in ${settings.dataDir}; ` +
      `database ${shownDatabase(settings.database)}; ${settings.outputs.length} outputs\n`,
  );
  return 0;
}

/** The settings without secrets; of what has settings of its own kind, only which they are. */
function shown(settings: Settings): object {
  const { adminKey, database, channels, outputs, remoteWrite, monitoringStack, ...rest } = settings;
  const { apiKey, alerts } = monitoringStack;
  return {
    ...rest,
    database: shownDatabase(database),
    adminKey: mask(adminKey),
    monitoringStack: {
      ...monitoringStack,
      apiKey: mask(apiKey),
      alerts: alerts === null ? null : { ...alerts, webhookUrl: mask(alerts.webhookUrl) },
    },
    channels: channels.map((channel) => ({ ...channel, settings: mask(channel.settings) })),
    outputs: outputs.map(({ name }) => ({ name })),
    remoteWrite: remoteWrite.map(({ name }) => ({ name })),
  };
}

function mask(secret: unknown): { readonly set: true } | null {
  return secret === null ? null : { set: true };
}
