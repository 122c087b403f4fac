/** A rule: its form, and a trial of it over what was recorded. New, copied, or changed; of a built-in one only its numbers. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { AlertRuleInput, AlertRuleView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, isMissing, type Failure } from "../../api/failure.ts";
import { FailureNote, showProblems } from "../../form/failure-note.tsx";
import { createFormState, FormContext, type FormState } from "../../form/form-state.ts";
import { useSubmit } from "../../form/use-submit.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Missing } from "../../parts/missing.tsx";
import { plainRules, type RulePageView } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts, type Parts } from "../../shell/parts.ts";
import { bodyOf, copyOf, draftOf, newDraft, withoutMatched } from "./rule-draft.ts";
import { RuleFormBody } from "./rule-form-body.tsx";
import { RuleHead } from "./rule-head.tsx";
import { Trial } from "./trial.tsx";
import "../../parts/settings-list.css";
import "./rule-page.css";

type PageProps = Omit<RulePageView, "page">;

interface Loaded {
  /** The rule that is edited; null for a new one. */
  readonly rule: AlertRuleView | null;
  /** The rule whose place a new one takes for some of its subjects. */
  readonly instead: AlertRuleView | null;
}

/** Draws the page. */
export function RulePage({ id, copyOf: source, isInstead }: PageProps) {
  const { client } = useParts();
  const form = useMemo(createFormState, []);
  const loaded = useSignal<Loaded | Failure | null>(null);

  async function load(): Promise<void> {
    loaded.value = null;
    const from = id ?? source;
    if (from === null) {
      form.reset(newDraft(), []);
      loaded.value = { rule: null, instead: null };
      return;
    }
    const reply = await client.rule(from);
    if (reply.kind === "failed") {
      loaded.value = reply.failure;
      return;
    }
    const rule = reply.value;
    form.reset(id === null ? copyOf(rule, isInstead) : draftOf(rule), []);
    loaded.value = {
      rule: id === null ? null : rule,
      instead: id === null && isInstead ? rule : null,
    };
  }
  useEffect(() => void load(), []);
  useSignalEffect(() => {
    const state = loaded.value;
    const name = state !== null && "rule" in state ? state.rule?.name : undefined;
    document.title = `${name ?? "New rule"} – Belfry`;
  });

  const state = loaded.value;
  if (state === null) return <p class="visually-hidden">Loading…</p>;
  if ("kind" in state) {
    if (isMissing(state)) return <Missing what="There is no such rule." />;
    return <CannotShow what="The rule" failure={state} onRetry={() => void load()} />;
  }
  return (
    <FormContext.Provider value={form}>
      <LoadedRule form={form} loaded={state} onReload={() => void load()} />
    </FormContext.Provider>
  );
}

interface LoadedProps {
  readonly form: FormState;
  readonly loaded: Loaded;
  readonly onReload: () => void;
}

function LoadedRule({ form, loaded: { rule, instead }, onReload }: LoadedProps) {
  const parts = useParts();
  const { router, access } = parts;
  const failure = useSignal<Failure | null>(null);
  const writes = mayWrite(access.state.value);
  const changes = writes && (rule?.managed_by ?? null) === null;
  const ruleOf = (draft: unknown): AlertRuleInput => bodyOf(draft, instead?.name ?? null);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (form.isChanged.value) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [form]);

  const { busy, submit } = useSubmit(async () => {
    const found = await saveRule(parts, { rule, instead }, ruleOf(form.draft.value));
    failure.value = found ?? null;
    if (found === undefined) router.go(plainRules);
    else showProblems(form, found, ".rule-page form");
  });

  return (
    <article class="rule-page">
      <RuleHead
        rule={rule}
        instead={instead}
        writes={writes}
        onReset={onReload}
        onDeleted={() => router.go(plainRules)}
      />
      <div class="rule-columns">
        <form noValidate onSubmit={submit}>
          <RuleFormBody isBuiltIn={rule?.built_in === true} isInstead={instead !== null} />
          <FailureNote failure={failure.value} form={form} noun="rule" onReload={onReload} />
          {changes && (
            <div class="rule-actions">
              <button type="submit" class="button-main" disabled={busy.value}>
                {busy.value ? "Saving…" : rule === null ? "Create rule" : "Save changes"}
              </button>
              <a class="button button-quiet" href={formatRoute(plainRules)}>
                Cancel
              </a>
            </div>
          )}
        </form>
        <Trial
          ruleOf={ruleOf}
          onFailure={(found) => showProblems(form, found, ".rule-page form")}
        />
      </div>
    </article>
  );
}

/** Saves; a rule that takes the place of another is made first, so that for a moment both ring and never none. */
async function saveRule(
  { client, toasts }: Pick<Parts, "client" | "toasts">,
  { rule, instead }: Loaded,
  body: AlertRuleInput,
): Promise<Failure | undefined> {
  const others = instead === null ? undefined : withoutMatched(instead.matchers, body.matchers);
  if (instead !== null && others === undefined) {
    const message = "expected exactly one, with a value: the other rule leaves out what it matches";
    const detail = "What it is about cannot be left out of the other rule.";
    const problems = [{ path: "matchers", message }];
    return {
      kind: "problem",
      status: 422,
      code: "invalid",
      title: "",
      detail,
      advice: "",
      problems,
    };
  }
  const reply = await client.saveRule(rule, body);
  if (reply.kind === "failed") return reply.failure;
  if (instead !== null && others !== undefined) {
    const changed = await client.patchRule(instead, { matchers: others });
    if (changed.kind === "failed") {
      const why = describeFailure(changed.failure);
      toasts.say(`Made. ${instead.name} rings for them as well: ${why}`, "bad");
      return undefined;
    }
  }
  toasts.say(rule === null ? "The rule was made." : "Saved.");
  return undefined;
}
