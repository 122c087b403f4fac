/** Tries a rule as it stands in the form: what it finds now, and when it would have rung over what was recorded. */
import { useSignal } from "@preact/signals";
import type { AlertRuleInput, RulePreviewView, RuleReplayView } from "@belfry/contract";
import { useEffect, useRef } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { rangeMs } from "../../chart/resolution.ts";
import { useForm } from "../../form/form-state.ts";
import { formatCount } from "../../format/number.ts";
import { Icon } from "../../parts/icon.tsx";
import { countedBy, valueWords } from "../../parts/metric-words.ts";
import { subjectNoun } from "../../parts/rule-words.ts";
import type { Span } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { Replay } from "./replay.tsx";
import { SeriesName } from "./series-name.tsx";

interface TrialProps {
  /** The rule as it would be saved. */
  readonly ruleOf: (draft: unknown) => AlertRuleInput;
  /** Problems, each at the field it is about. */
  readonly onFailure: (failure: Failure) => void;
}

/** What was tried, and what came of it. */
export interface Tried {
  readonly draft: unknown;
  readonly rule: AlertRuleInput;
  readonly span: Span;
  readonly preview: RulePreviewView;
  readonly replay: RuleReplayView;
}

type TrialState =
  | { readonly kind: "idle" | "running" }
  | { readonly kind: "done"; readonly tried: Tried }
  | { readonly kind: "failed"; readonly failure: Failure };

const spans = ["24h", "7d", "30d"] as const;

/** Draws the button and the result. */
export function Trial({ ruleOf, onFailure }: TrialProps) {
  const { client } = useParts();
  const form = useForm();
  const state = useSignal<TrialState>({ kind: "idle" });
  const range = useSignal<(typeof spans)[number]>("7d");
  const running = useRef(new AbortController());
  useEffect(() => () => running.current.abort(), []);

  async function run(): Promise<void> {
    running.current.abort();
    running.current = new AbortController();
    const { signal } = running.current;
    state.value = { kind: "running" };
    const draft = form.draft.value;
    const rule = named(ruleOf(draft));
    const to = Date.now();
    const span = { from: to - rangeMs[range.value], to };
    const [preview, replay] = await Promise.all([
      client.previewRule(rule, signal),
      client.replayRule(rule, span, signal),
    ]);
    if (signal.aborted) return;
    const failed = preview.kind === "failed" ? preview : replay;
    if (preview.kind === "ok" && replay.kind === "ok") {
      const tried = { draft, rule, span, preview: preview.value, replay: replay.value };
      state.value = { kind: "done", tried };
    } else if (failed.kind === "failed") {
      state.value = { kind: "failed", failure: failed.failure };
      onFailure(withoutPrefix(failed.failure));
    }
  }

  const { value } = state;
  return (
    <aside class="rule-trial" aria-label="Trial">
      <header>
        <h2>Try it first</h2>
        <div class="rule-trial-tools">
          <select
            aria-label="How far back"
            value={range.value}
            onChange={({ currentTarget }) => {
              const found = spans.find((one) => one === currentTarget.value);
              if (found !== undefined) range.value = found;
            }}
          >
            <option value="24h">Last 24 hours</option>
            <option value="7d">Last 7 days</option>
            <option value="30d">Last 30 days</option>
          </select>
          <button type="button" disabled={value.kind === "running"} onClick={() => void run()}>
            <Icon name="run" />
            {value.kind === "running" ? "Replaying…" : "Replay"}
          </button>
        </div>
      </header>
      <div aria-live="polite">
        {value.kind === "idle" && (
          <p class="quiet">
            What the rule finds now, and when it would have rung over what was recorded. Nothing is
            kept, nobody is told.
          </p>
        )}
        {value.kind === "running" && <p class="quiet">Reading what was recorded…</p>}
        {value.kind === "failed" && <p class="field-problem">{describeFailure(value.failure)}</p>}
        {value.kind === "done" && (
          <>
            {value.tried.draft !== form.draft.value && (
              <p class="rule-trial-old">The rule was changed since. Replay it again.</p>
            )}
            <Replay key={String(value.tried.span.to)} tried={value.tried} />
            <Now tried={value.tried} />
          </>
        )}
      </div>
    </aside>
  );
}

/** A rule that is only tried needs no name yet. */
function named(rule: AlertRuleInput): AlertRuleInput {
  return rule.name.trim() === "" ? { ...rule, name: "trial" } : rule;
}

/** Problems of a trial are within `rule`; those of the form are not. */
function withoutPrefix(failure: Failure): Failure {
  if (failure.kind !== "problem") return failure;
  const problems = failure.problems.map(({ path, message }) => ({
    path: path.replace(/^rule\.?/, ""),
    message,
  }));
  return { ...failure, problems };
}

type Item = RulePreviewView["items"][number];

const results = {
  holds: { title: "holds", order: 0, tone: "bad" },
  cannot_tell: { title: "cannot tell", order: 1, tone: "attention" },
  does_not_hold: { title: "quiet", order: 2, tone: "well" },
  does_not_apply: { title: "does not apply", order: 3, tone: "quiet" },
} as const satisfies Record<Item["result"], { title: string; order: number; tone: string }>;

const mostShown = 8;

/** What it finds at present. */
function Now({ tried: { rule, preview } }: { tried: Tried }) {
  const items = preview.items
    .filter(({ result }) => result !== "does_not_apply")
    .toSorted((a, b) => results[a.result].order - results[b.result].order);
  const holds = items.filter(({ result }) => result === "holds").length;
  const counted = countedBy(rule.condition);
  return (
    <section class="rule-now" aria-labelledby="rule-now-title">
      <h3 id="rule-now-title">
        Now it holds for {holds === 0 ? "none" : formatCount(holds)}
        {items.length > 0 && ` of ${formatCount(items.length)}`}
      </h3>
      {items.length === 0 ? (
        <p class="rule-nowhere">
          None of the {subjectNoun(rule.subject, 2)} it is about has this metric with these labels:
          it could never ring.
        </p>
      ) : (
        <ul>
          {items.slice(0, mostShown).map(({ subject, series, result, value }) => (
            <li key={`${subject.id} ${JSON.stringify(series)}`}>
              <SeriesName subject={subject} series={series} />
              <b>{value === null ? "" : valueWords(value, counted)}</b>
              <span class={`setting-${results[result].tone}`}>{results[result].title}</span>
            </li>
          ))}
        </ul>
      )}
      {items.length > mostShown && (
        <p class="quiet">
          and {formatCount(items.length - mostShown)}
          {preview.items_truncated && " and more"} others
        </p>
      )}
    </section>
  );
}
