/** What a record says of itself, alike in logs, metrics and spans: its resource, and attributes. */
import type { JobEvent } from "@belfry/contract";
import type { CheckRecord, SinkRecord } from "../../sink-record.ts";
import { attributesOf, prefixed, type KeyValue } from "./value.ts";

/** The resource of a record: the job's application, the host, else Belfry itself. `own` wins. */
export function resourceOf(
  record: SinkRecord,
  own: Readonly<Record<string, string>>,
): readonly KeyValue[] {
  return attributesOf({ ...factsOf(record), ...own });
}

function factsOf(record: SinkRecord): Record<string, unknown> {
  switch (record.kind) {
    case "job_event": {
      const { app, site_id: site } = record.event;
      return {
        "service.name": app.name === "" ? "unknown_service" : app.name,
        "service.version": app.version,
        "service.namespace": site,
      };
    }
    case "host": {
      const { id, name } = record.host;
      return { "service.name": "belfry", "host.id": id, "host.name": name };
    }
    case "check":
    case "status":
      return { "service.name": "belfry" };
  }
}

/** What names a job; the same for all of its runs. */
export function jobFacts({ site_id: site, entity }: JobEvent): Record<string, unknown> {
  return {
    "belfry.site": site,
    "belfry.job": entity.business_key,
    "belfry.sub_job": entity.sub_key,
    "belfry.entity.type": entity.type,
  };
}

/** Everything an event says, but for its time and kind. */
export function eventFacts(event: JobEvent): Record<string, unknown> {
  const { app, entity } = event;
  return {
    ...jobFacts(event),
    "belfry.app.id": app.app_id,
    "belfry.run.id": entity.id,
    "belfry.run.parent_id": entity.parent_id,
    "belfry.run.status": event.event.status,
    ...prefixed("belfry.metric.", event.event.metrics),
    ...prefixed("belfry.metadata.", event.event.metadata),
  };
}

/** What names a monitor or host; its labels as `label.…`. */
export function subjectFacts(
  kind: "monitor" | "host",
  { id, name, labels }: Pick<CheckRecord["monitor"], "id" | "name" | "labels">,
): Record<string, unknown> {
  return {
    [`belfry.${kind}.id`]: id,
    [`belfry.${kind}.name`]: name,
    ...prefixed("label.", labels),
  };
}

/** What a check says of its monitor. */
export function monitorFacts({ monitor, location }: CheckRecord): Record<string, unknown> {
  return {
    ...subjectFacts("monitor", monitor),
    "belfry.monitor.kind": monitor.kind,
    "belfry.monitor.target": monitor.target,
    "belfry.location": location,
  };
}

/** What a job is called, in one line. */
export function jobName({ entity }: JobEvent): string {
  const parts = [entity.business_key, entity.sub_key].filter((one) => one !== null && one !== "");
  return parts.length > 0 ? parts.join("/") : entity.type === "" ? "run" : entity.type;
}

/** What an event says of an error, by the names of the conventions for exceptions. */
export function exceptionFacts({ event }: JobEvent): Record<string, unknown> {
  const text = (...names: readonly string[]): unknown =>
    names.map((name) => event.metadata[name]).find((one) => typeof one === "string" && one !== "");
  return {
    "exception.type": text("error_type"),
    "exception.message": text("error", "message"),
    "exception.stacktrace": text("stack", "error_stack"),
  };
}
