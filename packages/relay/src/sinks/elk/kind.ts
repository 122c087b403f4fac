/**
 * Sink `elk`: records as documents of Elasticsearch or OpenSearch, by `_bulk`. Events of jobs are `event.dataset`
 * `belfry.job`, checks `belfry.check`, changes of a status `belfry.status`, figures of hosts `belfry.host`.
 */
import type { EventSink, EventSinkKind, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { deliverItems, type ItemsVerdict } from "../http/deliver-items.ts";
import { bulkPath, lineOf, readBulkAnswer, type Line } from "./bulk.ts";
import { clusterHealth } from "./cluster-health.ts";
import { createElkRequests, type ElkRequests } from "./requests.ts";
import { ElkSettingsSchema, parseElkSettings, type ElkSettings } from "./settings.ts";
import { createTemplateKeeper, type TemplateKeeper } from "./template-keeper.ts";

export const elkKind: EventSinkKind = {
  type: "elk",
  title: "Elasticsearch, OpenSearch",
  schema: ElkSettingsSchema,
  secrets: ["api_key", "password"],
  takes: ["job_event", "check", "status", "host"],
  // A document is about twice as large as its record: bodies come to 5 MB, as Elastic advises.
  batch: { maxEvents: 1000, maxBytes: 2 * 1024 * 1024 },
  parseSettings: parseElkSettings,
  create: (settings, parts) => createElkSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): ElkSettings {
  return settings as ElkSettings;
}

function createElkSink(settings: ElkSettings, parts: EventSinkParts): EventSink {
  const requests = createElkRequests(settings, parts.clock);
  const template = createTemplateKeeper(settings, requests, parts);
  const bulk = new Bulk(requests, template, parts.log);
  return {
    async deliver(records, signal) {
      if (records.length === 0) return [];
      const wait = await template.keep(signal);
      if (wait !== undefined) return records.map(() => wait);
      return await bulk.deliver(records, settings, signal);
    },
    health: (signal) =>
      clusterHealth(requests, signal, {
        inFailureStore: bulk.inFailureStore,
        template: template.trouble(),
      }),
    [Symbol.asyncDispose]: () => {
      requests[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** Sends documents, and counts those that Elasticsearch took without having a place for them. */
class Bulk {
  readonly #requests: ElkRequests;
  readonly #template: Pick<TemplateKeeper, "doubt">;
  readonly #log: EventSinkParts["log"];
  #inFailureStore = 0;

  constructor(
    requests: ElkRequests,
    template: Pick<TemplateKeeper, "doubt">,
    log: EventSinkParts["log"],
  ) {
    this.#requests = requests;
    this.#template = template;
    this.#log = log;
  }

  /** Documents in the failure store since the start. */
  get inFailureStore(): number {
    return this.#inFailureStore;
  }

  async deliver(
    records: readonly SinkRecord[],
    settings: ElkSettings,
    signal: AbortSignal,
  ): ReturnType<EventSink["deliver"]> {
    const lines = new Map<SinkRecord, Line>();
    for (const record of records) {
      const line = lineOf(record, settings);
      if (line !== undefined) lines.set(record, line);
    }
    const sendable = records.filter((record) => lines.has(record));
    const send = (some: readonly SinkRecord[], ended: AbortSignal): Promise<ItemsVerdict> =>
      this.#send(
        some.flatMap((record) => lines.get(record) ?? []),
        ended,
      );
    const given = await deliverItems(sendable, send, signal);
    const answers = new Map(sendable.map((record, i) => [record, given[i]]));
    return records.map(
      (record) => answers.get(record) ?? { kind: "refused", why: "its time is none" },
    );
  }

  async #send(lines: readonly Line[], signal: AbortSignal): Promise<ItemsVerdict> {
    const body = lines.map(({ text }) => text).join("");
    const request = { method: "POST", path: bulkPath, body, type: "application/x-ndjson" };
    const outcome = await this.#requests.send(request, signal);
    const verdict = this.#requests.verdict(outcome);
    if (outcome.kind === "failed" || verdict.kind === "too_large") return verdict;
    if (verdict.kind === "invalid") {
      // Elasticsearch says so of a body it cannot read; anybody else says it of the request.
      if (outcome.body.includes('"error"')) return verdict;
      return { kind: "misconfigured", why: verdict.why };
    }
    if (verdict.kind !== "sent") return verdict;
    const answer = readBulkAnswer(outcome.body, lines.length);
    if (answer === undefined) {
      const why = `HTTP ${outcome.status}, but not an answer of Elasticsearch`;
      return { kind: "misconfigured", why };
    }
    if (answer.isIndexMissing) this.#template.doubt();
    if (answer.inFailureStore > 0) {
      this.#inFailureStore += answer.inFailureStore;
      this.#log.warn(
        { documents: answer.inFailureStore },
        "Elasticsearch put documents into its failure store: they do not fit the mapping",
      );
    }
    const items = answer.deliveries.map((one) =>
      "why" in one ? { ...one, why: this.#requests.clean(one.why) } : one,
    );
    return { kind: "items", items };
  }
}
