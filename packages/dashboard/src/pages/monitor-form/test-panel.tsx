/** Tries the draft without saving it: one check, and everything it found. */
import { useSignal } from "@preact/signals";
import type { MonitorTestView } from "@belfry/contract";
import { reasonTable } from "@belfry/contract/reason";
import { useEffect, useRef } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { phaseSeconds } from "../../chart/phases.ts";
import { useForm } from "../../form/form-state.ts";
import { formatLatency } from "../../format/number.ts";
import { formatClock, formatInstant } from "../../format/time.ts";
import { Evidence } from "../../parts/evidence.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PhaseBar } from "../../parts/phase-bar.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { useParts } from "../../shell/parts.ts";
import { bodyOf, suggestedName } from "./draft.ts";

interface PanelProps {
  /** The monitor that is edited, whose stored secrets are used; null for a new one. */
  readonly id: string | null;
  readonly onFailure: (failure: Failure) => void;
}

type TestState =
  | { readonly kind: "idle" }
  | { readonly kind: "running" }
  | { readonly kind: "done"; readonly found: MonitorTestView }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Draws the button and the result. */
export function TestPanel({ id, onFailure }: PanelProps) {
  const { client } = useParts();
  const form = useForm();
  const state = useSignal<TestState>({ kind: "idle" });
  const running = useRef(new AbortController());
  useEffect(() => () => running.current.abort(), []);

  async function test(): Promise<void> {
    running.current.abort();
    running.current = new AbortController();
    const { signal } = running.current;
    state.value = { kind: "running" };
    const body = bodyOf(form.draft.value);
    const named =
      body.name === "" && suggestedName(body.settings) === "" ? { ...body, name: "test" } : body;
    const reply = await client.testMonitor(named, id, signal);
    if (signal.aborted) return;
    if (reply.kind === "ok") state.value = { kind: "done", found: reply.value };
    else {
      state.value = { kind: "failed", failure: reply.failure };
      onFailure(reply.failure);
    }
  }

  function cancel(): void {
    running.current.abort();
    state.value = { kind: "idle" };
  }

  const { value } = state;
  return (
    <aside class="test-panel" aria-label="Test">
      <header>
        <h2>Try it first</h2>
        {value.kind === "running" ? (
          <button type="button" onClick={cancel}>
            Stop
          </button>
        ) : (
          <button type="button" onClick={() => void test()}>
            <Icon name="run" />
            Test now
          </button>
        )}
      </header>
      <div aria-live="polite">
        {value.kind === "idle" && (
          <p class="quiet">One check with what you have entered. Nothing is stored.</p>
        )}
        {value.kind === "running" && <p class="quiet">Checking…</p>}
        {value.kind === "failed" && <p class="field-problem">{describeFailure(value.failure)}</p>}
        {value.kind === "done" && <Found found={value.found} />}
      </div>
    </aside>
  );
}

function Found({ found }: { found: MonitorTestView }) {
  const at = Date.parse(found.checked_at);
  return (
    <div class={`test-found is-${found.result}`}>
      <p class="test-result">
        <StatusMark status={found.result} />
        <strong>
          {found.result === "up" ? "Up" : found.result === "down" ? "Down" : "Could not tell"}
        </strong>
        {found.reason !== null && <b class="test-reason">{found.reason.replaceAll("_", " ")}</b>}
        <time class="quiet" dateTime={found.checked_at} title={formatInstant(at)}>
          {formatClock(at)}
        </time>
      </p>
      {found.reason !== null && <p>{found.message ?? reasonTable[found.reason].title}</p>}
      <dl class="test-facts">
        <div>
          <dt>Took</dt>
          <dd>{formatLatency(found.latency_ms)}</dd>
        </div>
        {found.status_code !== null && (
          <div>
            <dt>Status code</dt>
            <dd>{found.status_code}</dd>
          </div>
        )}
        {found.certificate_days !== null && (
          <div>
            <dt>Certificate</dt>
            <dd>{Math.floor(found.certificate_days)} days left</dd>
          </div>
        )}
      </dl>
      <PhaseBar seconds={phaseSeconds(found.measurements)} />
      {Object.keys(found.evidence).length > 0 && (
        <details>
          <summary>Evidence</summary>
          <Evidence evidence={found.evidence} />
        </details>
      )}
    </div>
  );
}
