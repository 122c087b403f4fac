/** The page of one run. */
import { useSignalEffect } from "@preact/signals";
import type { KeptEventView, RunTreeView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Missing } from "../../parts/missing.tsx";
import { nameOfRun, stateOfRun, stateTitle } from "../../parts/run-words.ts";
import { useParts } from "../../shell/parts.ts";
import { CompareView } from "./compare-view.tsx";
import { RunData, RunError, RunUse } from "./run-figures.tsx";
import { RunHead } from "./run-head.tsx";
import { RunLog } from "./run-log.tsx";
import { createRunModel, type RunModel } from "./run-model.ts";
import { RunTree } from "./run-tree.tsx";
import "./run-page.css";

/** Draws the run of an id. */
export function RunPage({ id }: { id: string }) {
  const { client, live } = useParts();
  const model = useMemo(() => createRunModel(id, { client, live }), [id]);
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const run = model.run.value;
    if (run !== null) {
      document.title = `${stateTitle(stateOfRun(run))}: ${nameOfRun(run)} – Belfry`;
    }
  });
  const run = model.run.value;
  const failure = model.failure.value;
  if (failure === "missing") return <Missing what="There is no such run." />;
  if (run !== null) return <Shown run={run} model={model} />;
  if (failure === null) return <p class="visually-hidden">Loading…</p>;
  return <CannotShow what="This run" failure={failure} onRetry={() => model.refresh()} />;
}

function Shown({ run, model }: { run: RunTreeView; model: RunModel }) {
  const began = startOf(model.log.events.value);
  const metadata = { ...began, ...withoutError(run.metadata) };
  return (
    <article class="run-page">
      <RunHead run={run} parent={model.parent.value} place={placeOf(metadata)} />
      <RunUse run={run} isShared={metadata["resource_scope"] === "process"} />
      <RunError run={run} />
      <RunTree tree={run} />
      <RunLog log={model.log} run={run} />
      <CompareView run={run} model={model} />
      <div class="run-columns">
        <RunData run={run} metadata={metadata} />
      </div>
    </article>
  );
}

/** What came with the beginning; later events may bring other metadata. */
function startOf(events: readonly KeptEventView[] | null): Readonly<Record<string, unknown>> {
  return events?.find(({ kind }) => kind === "started")?.metadata ?? {};
}

/** What is shown elsewhere is no metadata. */
function withoutError(metadata: Readonly<Record<string, unknown>>) {
  const shown = new Set(["error", "error_type", "error_stack", "message"]);
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !shown.has(name)));
}

/** The SDK says under `process` where a run is; others may say it at the top. */
function placeOf(metadata: Readonly<Record<string, unknown>>): string {
  const said = metadata["process"];
  const { host, hostname, pid }: Readonly<Record<string, unknown>> = {
    ...metadata,
    ...(typeof said === "object" ? said : {}),
  };
  const where = typeof host === "string" ? host : typeof hostname === "string" ? hostname : "";
  const process = typeof pid === "number" || typeof pid === "string" ? `process ${pid}` : "";
  return [where, process].filter((part) => part !== "").join(", ");
}
