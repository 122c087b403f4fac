/** The top of a rule's page: what it is, whether it holds, and what can be done with it. */
import { useSignal, type Signal } from "@preact/signals";
import type { AlertRuleView } from "@belfry/contract";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { formatCount } from "../../format/number.ts";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ManagedMark, ManagedNote } from "../../parts/managed.tsx";
import { DeleteButton, PageHead } from "../../parts/page-head.tsx";
import { conditionWords, holdWords } from "../../parts/rule-words.ts";
import { newRule, plainRules, rulePage } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";

interface HeadProps {
  /** null: a new one. */
  readonly rule: AlertRuleView | null;
  readonly instead: AlertRuleView | null;
  readonly writes: boolean;
  /** Called when it is to be read anew. */
  readonly onReset: () => void;
  readonly onDeleted: () => void;
}

/** Draws the top. */
export function RuleHead({ rule, instead, writes, onReset, onDeleted }: HeadProps) {
  const removing = useSignal(false);
  const { client, toasts } = useParts();
  async function toggle(): Promise<void> {
    if (rule === null) return;
    const reply = await client.patchRule(rule, { enabled: !rule.enabled });
    if (reply.kind === "failed") toasts.say(describeFailure(reply.failure), "bad");
    else toasts.say(`Switched ${reply.value.enabled ? "on" : "off"}.`);
    onReset();
  }
  const title = instead === null ? "New rule" : `${instead.name}, for some ${instead.subject}s`;
  return (
    <>
      <PageHead
        noun="rule"
        list={{ title: "Rules", href: formatRoute(plainRules) }}
        name={rule?.name ?? title}
        actions={
          writes &&
          rule !== null && (
            <Actions rule={rule} onToggle={() => void toggle()} removing={removing} />
          )
        }
      >
        {rule !== null && <About rule={rule} />}
        {instead !== null && (
          <p class="quiet">
            Takes the place of <a href={formatRoute(rulePage(instead.id))}>{instead.name}</a> for
            what it matches: {conditionWords(instead.condition)}; {holdWords(instead)}.
          </p>
        )}
      </PageHead>
      {rule !== null && (
        <Removal rule={rule} open={removing} onDone={rule.built_in ? onReset : onDeleted} />
      )}
    </>
  );
}

function About({ rule }: { rule: AlertRuleView }) {
  return (
    <>
      <p class="page-line">
        {rule.built_in && <span class="chip">built in</span>}
        {rule.is_changed && <span class="chip">changed</span>}
        <ManagedMark by={rule.managed_by} />
        {!rule.enabled && <span class="chip">switched off</span>}
        <span>
          {conditionWords(rule.condition)}; {holdWords(rule)}
        </span>
      </p>
      {rule.enabled && (rule.firing > 0 || rule.cannot_tell > 0) && (
        <p class="rule-found">
          {rule.firing > 0 && <b>Holds {formatCount(rule.firing)}× now.</b>}{" "}
          {rule.cannot_tell > 0 && (
            <span class="quiet">
              Of {formatCount(rule.cannot_tell)} nobody can tell: too few samples, or none of late.
            </span>
          )}
        </p>
      )}
      {rule.description !== "" && <p class="rule-description">{rule.description}</p>}
      <ManagedNote by={rule.managed_by} />
    </>
  );
}

interface ActionsProps {
  readonly rule: AlertRuleView;
  readonly onToggle: () => void;
  readonly removing: Signal<boolean>;
}

function Actions({ rule, onToggle, removing }: ActionsProps) {
  const copy = (
    <a class="button" href={formatRoute({ ...newRule, copyOf: rule.id })}>
      <Icon name="copy" />
      Copy
    </a>
  );
  // Other limits for some would change the rule itself, which is changed elsewhere.
  if (rule.managed_by !== null) return copy;
  return (
    <>
      {rule.built_in ? (
        <a class="button" href={formatRoute({ ...newRule, copyOf: rule.id, isInstead: true })}>
          <Icon name="copy" />
          Other limits for some
        </a>
      ) : (
        copy
      )}
      <button type="button" onClick={onToggle}>
        <Icon name={rule.enabled ? "pause" : "resume"} />
        {rule.enabled ? "Switch off" : "Switch on"}
      </button>
      {rule.built_in ? (
        rule.is_changed && (
          <button type="button" onClick={() => (removing.value = true)}>
            <Icon name="back" />
            As it comes
          </button>
        )
      ) : (
        <DeleteButton onDelete={() => (removing.value = true)} />
      )}
    </>
  );
}

interface RemovalProps {
  readonly rule: AlertRuleView;
  readonly open: Signal<boolean>;
  readonly onDone: () => void;
}

/** Asks before a rule goes, or what was changed of a built-in one. */
function Removal({ rule, open, onDone }: RemovalProps) {
  const { client, toasts } = useParts();
  async function remove(): Promise<Failure | undefined> {
    const reply = await client.deleteRule(rule.id);
    if (reply.kind === "failed") return reply.failure;
    toasts.say(rule.built_in ? `${rule.name} is as it comes.` : "The rule was deleted.");
    onDone();
    return undefined;
  }
  return (
    <DeleteDialog
      title={rule.built_in ? "Bring the rule back as it comes?" : "Delete this rule?"}
      name={null}
      verb={rule.built_in ? "Bring it back" : "Delete"}
      open={open}
      onDelete={remove}
    >
      {rule.built_in ? (
        <>
          What was changed of <b>{rule.name}</b> is forgotten: limits, times, and whom it leaves
          out.
        </>
      ) : (
        <>
          <b>{rule.name}</b> will not ring again. To keep it, switch it off instead.
        </>
      )}
    </DeleteDialog>
  );
}
