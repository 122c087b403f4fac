/** Where the hub hands on what it learns: each output with its state and lag; and the dead letters of one. */
import { useSignalEffect } from "@preact/signals";
import type { OutputsView, OutputStatusView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { formatBytes, formatCount, formatPlural } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { CopyText } from "../../parts/copy-text.tsx";
import { Meter } from "../../parts/meter.tsx";
import { Notice } from "../../parts/notice.tsx";
import { formatRoute } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { failedWords, outputTitle, outputTone } from "./output-words.ts";
import { createOutputsModel, type OutputsModel } from "./outputs-model.ts";
import "./outputs-page.css";

/** Draws all outputs, or the dead letters of the one of a name. */
export function OutputsPage({ name }: { name: string | null }) {
  const { client, live } = useParts();
  const model = useMemo(
    () => createOutputsModel({ client, live, isSeen: () => !document.hidden }),
    [client, live],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const troubled = troubledOf(model.value.value?.items ?? []);
    document.title = troubled === 0 ? "Outputs – Belfry" : `(${troubled}) Outputs – Belfry`;
  });
  const outputs = model.value.value;
  const failure = model.failure.value;
  if (outputs === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The outputs" failure={failure} onRetry={() => model.refresh()} />;
  }
  if (name !== null) return <One name={name} outputs={outputs} model={model} />;
  if (outputs.items.length === 0) return <NoOutputs />;
  return <All outputs={outputs} />;
}

interface OneProps {
  readonly name: string;
  readonly outputs: OutputsView;
  readonly model: OutputsModel;
}

function One({ name, outputs, model }: OneProps) {
  const output = outputs.items.find((one) => one.name === name);
  if (output === undefined) {
    return (
      <Notice title="There is no such output">
        <p>It may have another name now, or be gone from the configuration.</p>
        <a class="button" href={formatRoute({ page: "outputs", name: null })}>
          To the outputs
        </a>
      </Notice>
    );
  }
  return <DeadLetters key={name} output={output} onChange={() => model.refresh()} />;
}

function All({ outputs: { items, spool } }: { outputs: OutputsView }) {
  const troubled = troubledOf(items);
  return (
    <>
      <div class="headline">
        <h1>
          {troubled > 0 ? (
            <>
              <span
                class={items.some((one) => outputTone(one) === "bad") ? "is-down" : "is-degraded"}
              >
                <em>{formatCount(troubled)} in trouble</em>
              </span>{" "}
              <span class="headline-rest">of {formatPlural(items.length, "output")}</span>
            </>
          ) : (
            "Every output takes all"
          )}
        </h1>
      </div>
      {spool !== null && (
        <dl class="spool">
          <div>
            <dt>Spool on disk</dt>
            <dd>
              <Meter
                share={spool.bytes / Math.max(1, spool.quota_bytes)}
                level={spool.failing === null ? "fine" : "bad"}
              >
                {formatBytes(spool.bytes)} of {formatBytes(spool.quota_bytes)}
              </Meter>
            </dd>
          </div>
          <div>
            <dt>Records kept</dt>
            <dd>{formatCount(spool.records)}</dd>
          </div>
          {spool.failing !== null && (
            <div class="spool-failing" role="alert">
              <dt>Nothing can be stored</dt>
              <dd>{spool.failing}</dd>
            </div>
          )}
        </dl>
      )}
      <ul class="outputs">
        {items.map((output) => (
          <Output key={output.name} output={output} />
        ))}
      </ul>
    </>
  );
}

function troubledOf(items: readonly OutputStatusView[]): number {
  return items.filter((output) => outputTone(output) !== "well").length;
}

function Output({ output }: { output: OutputStatusView }) {
  const tone = outputTone(output);
  const failed = failedWords(output);
  return (
    <li class={`output output-${tone}`}>
      <header>
        <h2>{output.name}</h2>
        <span class="chip">{output.title}</span>
        <span class="output-state">{outputTitle(output)}</span>
      </header>
      {output.trouble !== null && (
        <p class="output-why">
          {output.trouble.why}{" "}
          <span class="quiet">
            for <Ago at={output.trouble.since} as="since" />
          </span>
        </p>
      )}
      <dl>
        <div>
          <dt>Waiting</dt>
          <dd>
            {formatCount(output.waiting)}
            <span>
              {output.waiting === 0
                ? "nothing behind"
                : `${formatBytes(output.waiting_bytes)}, the oldest ${formatDuration(output.oldest_waiting_seconds * 1000)} old`}
            </span>
          </dd>
        </div>
        <div>
          <dt>Delivered</dt>
          <dd>
            {formatCount(output.delivered)}
            <span>since the start</span>
          </dd>
        </div>
        <div>
          <dt>Failed attempts</dt>
          <dd>
            {formatCount(Object.values(output.failed).reduce((sum, count) => sum + count, 0))}
            <span>{failed === "" ? "none" : failed}</span>
          </dd>
        </div>
        <div>
          <dt>Dead letters</dt>
          <dd>
            {output.dead_letters === 0 ? (
              "0"
            ) : (
              <a href={formatRoute({ page: "outputs", name: output.name })}>
                {formatCount(output.dead_letters)}
              </a>
            )}
            <span>
              {output.oldest_dead_letter_at === null ? (
                "refused for good"
              ) : (
                <>
                  the oldest <Ago at={output.oldest_dead_letter_at} />
                </>
              )}
            </span>
          </dd>
        </div>
        {output.dropped > 0 && (
          <div class="output-dropped">
            <dt>Dropped</dt>
            <dd>
              {formatCount(output.dropped)}
              <span>for the limit of the spool</span>
            </dd>
          </div>
        )}
      </dl>
    </li>
  );
}

const example = `outputs:
  - type: file
    path: results.log
  - type: webhook
    name: ops
    records: [status, job_event]
    webhook_url: https://example.org/hook`;

function NoOutputs() {
  return (
    <section class="no-outputs">
      <h1>No outputs</h1>
      <p>
        An output hands on what Belfry learns, as it learns it: job events, outcomes of checks,
        changes of status. Files, webhooks, Elasticsearch, Prometheus and others can take it. What
        an output cannot take now waits on disk; what it refuses for good is kept here.
      </p>
      <p>
        Outputs are written down in <code>belfry.yaml</code>:
      </p>
      <CopyText text={example} what="the example" />
    </section>
  );
}
