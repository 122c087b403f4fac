/** All rules: those of one's own and those every hub comes with, each with what it looks for and whether it holds now. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { AlertRuleView } from "@belfry/contract";
import { describeFailure } from "../../api/failure.ts";
import { formatCount } from "../../format/number.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ManagedMark } from "../../parts/managed.tsx";
import { conditionWords, holdWords, subjectNoun } from "../../parts/rule-words.ts";
import { SeverityLabel } from "../../parts/severity-mark.tsx";
import { newRule, rulePage } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { matcherText } from "../../form/matcher-text.ts";
import "../../parts/settings-list.css";
import "./rules-page.css";

/** Rules hold and end without anybody saying so. */
const everyMs = 15_000;

/** Draws both lists. */
export function RulesPage() {
  const { client, access, toasts } = useParts();
  const rules = useFollowed("rules", () => client.rules(), { everyMs });
  useSignalEffect(() => {
    document.title = "Rules – Belfry";
  });
  const known = rules.value.value;
  const failure = rules.failure.value;
  if (known === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The rules" failure={failure} onRetry={() => rules.refresh()} />;
  }
  const writes = mayWrite(access.state.value);
  const own = known.items.filter((rule) => !rule.built_in);
  const builtIn = known.items.filter((rule) => rule.built_in);

  async function toggle(rule: AlertRuleView): Promise<void> {
    const reply = await client.patchRule(rule, { enabled: !rule.enabled });
    if (reply.kind === "failed") toasts.say(describeFailure(reply.failure), "bad");
    else toasts.say(`${rule.name} is switched ${reply.value.enabled ? "on" : "off"}.`);
    rules.refresh();
  }

  return (
    <div class="rules-page">
      <div class="alert-title">
        <h1>
          <Title rules={known.items} />
        </h1>
      </div>
      <AlertTabs at="rules" />
      <section aria-labelledby="own-rules">
        <header class="settings-tools">
          <h2 id="own-rules">Own rules</h2>
          {writes && (
            <a class="button" href={formatRoute(newRule)}>
              <Icon name="plus" /> New rule
            </a>
          )}
        </header>
        {own.length === 0 && (
          <p class="quiet">
            None. A rule looks at anything that is recorded: measurements of hosts, of checks and of
            jobs. It can be tried over what was recorded before it is saved.
          </p>
        )}
        <List rules={own} onToggle={writes ? toggle : null} />
      </section>
      <section aria-labelledby="built-in-rules">
        <h2 id="built-in-rules">Built in, about hosts</h2>
        <p class="quiet">
          Each holds where its series exist. Limits and times can be changed, also for some hosts
          alone.
        </p>
        <List rules={builtIn} onToggle={writes ? toggle : null} />
      </section>
    </div>
  );
}

function Title({ rules }: { rules: readonly AlertRuleView[] }) {
  const firing = rules.filter((rule) => rule.firing > 0).length;
  if (firing === 0) return <>No rule holds</>;
  return (
    <>
      <span class="is-degraded">
        <em>
          {formatCount(firing)} {firing === 1 ? "rule holds" : "rules hold"}
        </em>
      </span>
      <span class="headline-rest"> of {formatCount(rules.length)}</span>
    </>
  );
}

interface ListProps {
  readonly rules: readonly AlertRuleView[];
  /** null: changes are not for whoever looks. */
  readonly onToggle: ((rule: AlertRuleView) => Promise<void>) | null;
}

function List({ rules, onToggle }: ListProps) {
  return (
    <ul class="settings-list">
      {rules.map((rule) => (
        <Row key={rule.id} rule={rule} onToggle={onToggle} />
      ))}
    </ul>
  );
}

function Row({ rule, onToggle }: { rule: AlertRuleView } & Pick<ListProps, "onToggle">) {
  return (
    <li class={`setting rule setting-${toneOf(rule)}`}>
      <div class="setting-what">
        <p class="setting-name">
          <a class="row-link" href={formatRoute(rulePage(rule.id))}>
            {rule.name}
          </a>
          {rule.enabled && <SeverityLabel severity={rule.severity} isOver={rule.firing === 0} />}
          {rule.is_changed && <span class="chip">changed</span>}
          <ManagedMark by={rule.managed_by} />
        </p>
        <p class="rule-condition">
          {conditionWords(rule.condition)}; {holdWords(rule)}
        </p>
        {rule.matchers.length > 0 && (
          <p class="rule-matchers">
            <span class="quiet">{subjectNoun(rule.subject, 2)} with</span>
            {rule.matchers.map((matcher, i) => (
              <code key={`${i} ${matcherText(matcher)}`} class="chip" title={matcherText(matcher)}>
                {matcherText(matcher)}
              </code>
            ))}
          </p>
        )}
      </div>
      <Found rule={rule} />
      {onToggle !== null && rule.managed_by === null && <Switch rule={rule} onToggle={onToggle} />}
    </li>
  );
}

function toneOf(rule: AlertRuleView): "well" | "quiet" | "attention" | "bad" {
  if (!rule.enabled) return "quiet";
  if (rule.firing === 0) return "well";
  return rule.severity === "critical" ? "bad" : "attention";
}

/** Of how many it holds now, and of how many nobody can tell. */
function Found({ rule }: { rule: AlertRuleView }) {
  if (!rule.enabled) {
    return (
      <div class="setting-state">
        <b>Switched off</b>
      </div>
    );
  }
  return (
    <div class="setting-state">
      <b>{rule.firing === 0 ? "Quiet" : `Holds ${formatCount(rule.firing)}×`}</b>
      {rule.cannot_tell > 0 && (
        <span title="Too few samples, or none of late">
          cannot tell of {formatCount(rule.cannot_tell)}
        </span>
      )}
    </div>
  );
}

function Switch({
  rule,
  onToggle,
}: {
  rule: AlertRuleView;
  onToggle: (rule: AlertRuleView) => Promise<void>;
}) {
  const busy = useSignal(false);
  async function toggle(): Promise<void> {
    busy.value = true;
    await onToggle(rule);
    busy.value = false;
  }
  return (
    <div class="setting-actions">
      <label class="rule-switch">
        <input
          type="checkbox"
          role="switch"
          checked={rule.enabled}
          disabled={busy.value}
          onChange={() => void toggle()}
        />
        <span>
          On<span class="visually-hidden">: {rule.name}</span>
        </span>
      </label>
    </div>
  );
}
