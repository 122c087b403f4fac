/**
 * Sends every sample of this host to one or several hubs. Each hub has its own way, spool and waiting times: one that is
 * dead delays no other and loses nothing, within the bounds of its spool. `push` returns at once and never throws.
 *
 * Reads and writes only below `stateDir` (and reads `caFile` once), and opens connections: it runs under Node's
 * permission model.
 */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { batchLimits, decodeBatch, encodeBatch } from "@belfry/contract/sample-batch";
import type { BatchHost, HostDetails } from "@belfry/contract";
import type { Sample } from "../sample/series-table.ts";
import { HubClient } from "./hub-client.ts";
import { HubSender } from "./hub-sender.ts";
import { Packer } from "./packer.ts";
import { createRunMaker } from "./series-list.ts";
import type { HubStats, SenderClock, SenderLog } from "./settings.ts";
import { after as realAfter, type After } from "./timer.ts";

export interface SenderSettings {
  /** Where samples go. `key` null: none is sent, for a hub on loopback without keys. */
  readonly hubs: readonly { readonly url: string; readonly key: string | null }[];
  /** Ms between samples. */
  readonly intervalMs: number;
  /** Ms between requests with fresh samples; `intervalMs` unless set. A sample waits so long at most, in memory. */
  readonly sendEveryMs?: number;
  /** Folder for what could not be sent; one process at a time. null: kept in memory, for 15 minutes. */
  readonly stateDir: string | null;
  /** Hours of samples that are kept per hub; 24 unless set. */
  readonly spoolHours?: number;
  /** Bytes of samples that are kept on disk per hub; 64 MB unless set. */
  readonly spoolBytes?: number;
  /** Labels of the host. */
  readonly labels: Readonly<Record<string, string>>;
  /** Who this host is; read for every request, so that its name may change. */
  readonly host: Pick<BatchHost, "machine_id" | "boot_id" | "name" | "version">;
  /** PEM file of a certificate authority that is trusted too; null: none. */
  readonly caFile: string | null;
}

export interface SenderParts {
  readonly clock: SenderClock;
  readonly log: SenderLog;
  /** 0 to 1; `Math.random` unless set. */
  readonly random?: () => number;
  /** Real timers unless set. */
  readonly after?: After;
}

export interface Sender extends AsyncDisposable {
  /** Takes in a sample; `details` is the same object as long as nothing in it changed. */
  push(sample: Sample, details: HostDetails): void;
  /** One for each hub, in their order. */
  stats(): readonly HubStats[];
}

const defaultHours = 24;
const defaultBytes = 64 * 1024 * 1024;
const memoryMs = 15 * 60_000;

/**
 * Starts sending what an earlier process left. Throws when `caFile` cannot be read, an address is none, or `host` and
 * `labels` are such that every hub would refuse them.
 */
export function createSender(settings: SenderSettings, parts: SenderParts): Sender {
  checkHost(settings);
  const ca = settings.caFile === null ? null : readFileSync(settings.caFile, "utf8");
  const { clock, log, random = Math.random, after = realAfter } = parts;
  const packer = new Packer();
  const pack = (bytes: Uint8Array): Promise<Uint8Array> => packer.pack(bytes);
  const hubs = settings.hubs.map(({ url, key }) => {
    const client = new HubClient({ url, key, ca, version: settings.host.version });
    return new HubSender(hubSettings(settings, url), { client, pack, clock, log, random, after });
  });
  const runOf = createRunMaker();
  return {
    push(sample, details) {
      const run = runOf(sample);
      for (const hub of hubs) hub.push(run, details);
    },
    stats: () => hubs.map((hub) => hub.stats()),
    async [Symbol.asyncDispose]() {
      await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()));
      packer[Symbol.dispose]();
    },
  };
}

function hubSettings(
  settings: SenderSettings,
  url: string,
): ConstructorParameters<typeof HubSender>[0] {
  const { intervalMs, stateDir, spoolHours = defaultHours, spoolBytes = defaultBytes } = settings;
  const { origin, pathname } = new URL(url);
  // The address alone: a key that is changed leaves what waits where it is.
  const folder =
    stateDir === null
      ? null
      : join(stateDir, "spool", hash("sha256", `${origin}${pathname}`).slice(0, 16));
  return {
    shownUrl: `${origin}${pathname}`,
    intervalMs,
    sendEveryMs: settings.sendEveryMs ?? intervalMs,
    refusedFolder: folder === null ? null : join(folder, "refused"),
    spool: {
      folder,
      maxSamples: Math.max(1, Math.ceil((spoolHours * 3_600_000) / intervalMs)),
      maxBytes: spoolBytes,
      maxInMemory: Math.max(1, Math.ceil(memoryMs / intervalMs)),
    },
    host: () => hostOf(settings),
  };
}

function hostOf({ host, intervalMs, labels }: SenderSettings): Omit<BatchHost, "sent_at"> {
  return { ...host, interval: intervalMs / 1000, labels };
}

/** A name or label no hub takes would have every sample refused: better no start. */
function checkHost(settings: SenderSettings): void {
  const batch = encodeBatch({
    host: { ...hostOf(settings), sent_at: 0 },
    seriesHash: "0".repeat(32),
    series: null,
    seriesCount: 0,
    times: Float64Array.of(0),
    values: new Float64Array(0),
    details: null,
  });
  const result = decodeBatch(batch, batchLimits);
  if (result.kind === "bad") throw new Error(result.message);
}
