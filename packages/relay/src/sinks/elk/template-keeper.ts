/** Sees to it that the index template is there: at the start, every few minutes, and when an index turns out to be missing. */
import type { EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { HttpOutcome } from "../http/http-client.ts";
import { readJson, valueAt } from "../http/read-json.ts";
import type { HttpVerdict } from "../http/verdict.ts";
import type { ElkSettings } from "./settings.ts";
import { templateBody, templateName, templateVersion, type FlatType } from "./template.ts";

/** A template that somebody deleted is missed when the next day begins: it is looked for before that. */
const checkMs = 300_000;
const longestReason = 300;

/** What every document has to wait for. */
export type Wait = Extract<RecordDelivery, { readonly kind: "retry" | "misconfigured" }>;

export interface TemplateKeeper {
  /** Undefined: documents may go. Else why they have to wait. */
  keep(signal: AbortSignal): Promise<Wait | undefined>;
  /** It is looked for again before the next documents. */
  doubt(): void;
  /** Why there is none of ours, for health; null while all is well. */
  trouble(): string | null;
}

export interface TemplateRequests {
  send(
    request: { readonly method: string; readonly path: string; readonly body?: string },
    signal: AbortSignal,
  ): Promise<HttpOutcome>;
  verdict(outcome: HttpOutcome): HttpVerdict;
  clean(text: string): string;
}

/** Makes it; with `template: false` it does nothing. */
export function createTemplateKeeper(
  settings: ElkSettings,
  requests: TemplateRequests,
  { clock, log }: Pick<EventSinkParts, "clock" | "log">,
): TemplateKeeper {
  const name = templateName(settings);
  const path = `/_index_template/${encodeURIComponent(name)}`;
  let checkedAt = -Infinity;
  let trouble: string | null = null;
  let flat: FlatType = "flattened";

  /** A key that may write documents and nothing else is common: somebody else has to put the template then. */
  function forbidden(verdict: HttpVerdict): undefined {
    const why = "why" in verdict ? verdict.why : "forbidden";
    if (trouble === null) log.warn({ template: name, why }, "the index template cannot be seen to");
    trouble = why;
  }

  async function put(signal: AbortSignal): Promise<Wait | undefined> {
    const body = JSON.stringify(templateBody(settings, flat));
    const outcome = await requests.send({ method: "PUT", path, body }, signal);
    const verdict = requests.verdict(outcome);
    if (verdict.kind === "sent") {
      log.info({ template: name, version: templateVersion }, "the index template was put");
      trouble = null;
      return undefined;
    }
    if (outcome.kind === "answer" && outcome.status === 403) return forbidden(verdict);
    const reason = outcome.kind === "answer" ? deepestReason(outcome.body) : undefined;
    if (flat === "flattened" && reason?.includes("No handler for type [flattened]") === true) {
      flat = "flat_object";
      return put(signal);
    }
    return waitFor(verdict, reason);
  }

  async function look(signal: AbortSignal): Promise<Wait | undefined> {
    const outcome = await requests.send({ method: "GET", path }, signal);
    const verdict = requests.verdict(outcome);
    if (outcome.kind === "answer") {
      if (outcome.status === 403) return forbidden(verdict);
      if (outcome.status === 404) return put(signal);
    }
    if (verdict.kind !== "sent" || outcome.kind === "failed") return waitFor(verdict);
    const version = versionIn(outcome.body);
    if (version !== undefined && version < templateVersion) return put(signal);
    trouble = null;
    return undefined;
  }

  /** A template that is refused would be missed by every document: nothing is sent without it. */
  function waitFor(verdict: HttpVerdict, reason?: string): Wait {
    if (verdict.kind === "retry" || verdict.kind === "misconfigured") return verdict;
    const why = reason ?? (verdict.kind === "sent" ? "its answer is not understood" : verdict.why);
    return { kind: "misconfigured", why: requests.clean(`index template ${name}: ${why}`) };
  }

  return {
    async keep(signal) {
      if (!settings.template || clock.monotonicMs() - checkedAt < checkMs) return undefined;
      const verdict = await look(signal);
      if (verdict === undefined) checkedAt = clock.monotonicMs();
      return verdict;
    },
    doubt() {
      checkedAt = -Infinity;
    },
    trouble: () => trouble,
  };
}

/** What the innermost cause of an error says: outside of it there is only that the template is invalid. */
function deepestReason(body: string): string | undefined {
  let reason: string | undefined;
  let error = valueAt(readJson(body), "error");
  while (error !== undefined) {
    const found = valueAt(error, "reason");
    if (typeof found === "string") reason = found.slice(0, longestReason);
    error = valueAt(error, "caused_by");
  }
  return reason;
}

/** Undefined where it has none: then it is somebody's own. */
function versionIn(body: string): number | undefined {
  const path = ["index_templates", 0, "index_template", "version"];
  const version = valueAt(readJson(body), ...path);
  return typeof version === "number" ? version : undefined;
}
