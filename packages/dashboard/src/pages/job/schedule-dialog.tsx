/** What is expected of a job: when its runs begin, and how long they may take. */
import { useSignal, type Signal } from "@preact/signals";
import type { JobChange, JobView } from "@belfry/contract";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure, type FieldProblem } from "../../api/failure.ts";
import { useSubmit } from "../../form/use-submit.ts";
import { formatDuration } from "../../format/time.ts";
import { DialogActions } from "../../parts/dialog-actions.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import "../../form/form.css";
import {
  changeOf,
  draftOf,
  intervalUnits,
  scheduleKinds,
  type IntervalUnit,
  type ScheduleDraft,
  type ScheduleKind,
} from "./schedule-draft.ts";
import { RingsField } from "./rings-field.tsx";
import { ownZone } from "./schedule-words.ts";

interface DialogProps {
  readonly job: JobView;
  readonly open: Signal<boolean>;
  /** Answers with what was wrong, or undefined when it is saved. */
  readonly onSave: (change: JobChange) => Promise<Failure | undefined>;
}

/** Opened by “Edit”. */
export function ScheduleDialog({ job, open, onSave }: DialogProps) {
  return (
    <Dialog
      title={`What is expected of ${job.name}`}
      open={open.value}
      onClose={() => (open.value = false)}
    >
      <ScheduleForm job={job} open={open} onSave={onSave} />
    </Dialog>
  );
}

const kindNames: Readonly<Record<ScheduleKind, string>> = {
  none: "At no certain time",
  cron: "By the calendar",
  interval: "In intervals",
};

function ScheduleForm({ job, open, onSave }: DialogProps) {
  // What was there when the dialog opened: the job changes live meanwhile.
  const draft = useSignal(useMemo(() => draftOf(job, ownZone()), []));
  const problems = useSignal<readonly FieldProblem[]>([]);
  const problem = useSignal("");
  const set = (change: Partial<ScheduleDraft>): void => {
    draft.value = { ...draft.value, ...change };
  };
  const { busy, submit } = useSubmit(async () => {
    const failure = await onSave(changeOf(draft.value));
    if (failure === undefined) {
      open.value = false;
      return;
    }
    problems.value = failure.kind === "problem" ? failure.problems : [];
    problem.value = problems.value.length === 0 ? describeFailure(failure) : "";
  });
  useEffect(() => {
    // The dialog opens after its content is there, and takes the focus to its first button.
    const soon = requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(".schedule-kinds input:checked")?.focus(),
    );
    return () => cancelAnimationFrame(soon);
  }, []);
  const { kind } = draft.value;
  const fields = { draft: draft.value, set, problems: problems.value };
  return (
    <form class="schedule-form" noValidate onSubmit={submit}>
      <div class="fields">
        <fieldset class="field-group">
          <legend>Its runs begin</legend>
          <div class="schedule-kinds">
            {scheduleKinds.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="schedule-kind"
                  checked={kind === one}
                  onChange={() => set({ kind: one })}
                />
                {kindNames[one]}
              </label>
            ))}
          </div>
        </fieldset>
        {kind === "cron" && <CronFields {...fields} />}
        {kind === "interval" && <IntervalFields {...fields} />}
        {kind !== "none" && <GraceField {...fields} />}
        <SlowField {...fields} job={job} />
        <RingsField draft={draft.value} set={set} />
      </div>
      <p class="field-problem" role="alert">
        {problem}
      </p>
      <DialogActions open={open} busy={busy} verb="Save" busyVerb="Saving…" tone="main" />
    </form>
  );
}

interface FieldsProps {
  readonly draft: ScheduleDraft;
  readonly set: (change: Partial<ScheduleDraft>) => void;
  readonly problems: readonly FieldProblem[];
}

function CronFields({ draft, set, problems }: FieldsProps) {
  return (
    <>
      <Field
        name="cron"
        title="Cron"
        help="Minute, hour, day of the month, month, day of the week; a sixth field in front is seconds."
        problem={problemAt(problems, "cron")}
      >
        {(props) => (
          <input
            {...props}
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={draft.cron}
            onInput={(event) => set({ cron: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field
        name="timezone"
        title="Time zone"
        help={`Yours is ${ownZone()}.`}
        problem={problemAt(problems, "timezone")}
      >
        {(props) => (
          <>
            <input
              {...props}
              list="schedule-zones"
              autocomplete="off"
              spellcheck={false}
              value={draft.timezone}
              onInput={(event) => set({ timezone: event.currentTarget.value })}
            />
            <datalist id="schedule-zones">
              {["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </>
  );
}

function IntervalFields({ draft, set, problems }: FieldsProps) {
  return (
    <Field
      name="every"
      title="Every"
      help="From the beginning of one run to that of the next."
      problem={problemAt(problems, "interval_seconds")}
    >
      {(props) => (
        <span class="with-unit">
          <input
            {...props}
            inputMode="decimal"
            value={draft.every}
            onInput={(event) => set({ every: event.currentTarget.value })}
          />
          <select
            aria-label="Unit"
            value={draft.unit}
            onChange={(event) => set({ unit: unitOf(event.currentTarget.value) })}
          >
            {Object.keys(intervalUnits).map((unit) => (
              <option key={unit} value={unit}>
                {unit}
              </option>
            ))}
          </select>
        </span>
      )}
    </Field>
  );
}

function GraceField({ draft, set, problems }: FieldsProps) {
  return (
    <Field
      name="grace"
      title="Late after"
      help="A run may begin so long after its time before the job is late."
      problem={problemAt(problems, "grace_seconds")}
    >
      {(props) => (
        <span class="with-unit">
          <input
            {...props}
            inputMode="decimal"
            value={draft.grace}
            onInput={(event) => set({ grace: event.currentTarget.value })}
          />
          min
        </span>
      )}
    </Field>
  );
}

function SlowField({ draft, set, problems, job }: FieldsProps & { job: JobView }) {
  const learned = job.slow_after_seconds === null ? job.slow_limit_seconds : null;
  return (
    <Field
      name="slow"
      title="Slow after"
      help={
        learned === null
          ? "Empty: what was learned from runs that succeeded decides."
          : `Empty: what was learned decides, now ${formatDuration(learned * 1000)}.`
      }
      problem={problemAt(problems, "slow_after_seconds")}
    >
      {(props) => (
        <span class="with-unit">
          <input
            {...props}
            inputMode="decimal"
            value={draft.slowAfter}
            onInput={(event) => set({ slowAfter: event.currentTarget.value })}
          />
          s
        </span>
      )}
    </Field>
  );
}

interface FieldProps {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly problem: string;
  readonly children: (props: {
    readonly id: string;
    readonly "aria-describedby": string;
    readonly "aria-invalid": boolean;
  }) => ComponentChildren;
}

function Field({ name, title, help, problem, children }: FieldProps) {
  const id = `schedule-${name}`;
  return (
    <div class="field">
      <label for={id}>{title}</label>
      {children({
        id,
        "aria-describedby": `${id}-help ${id}-problem`,
        "aria-invalid": problem !== "",
      })}
      <p id={`${id}-help`} class="field-help">
        {help}
      </p>
      {problem !== "" && (
        <p id={`${id}-problem`} class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** What is wrong with a field of the change, wherever the hub says it stands: `schedule.cron`, `schedule`. */
function problemAt(problems: readonly FieldProblem[], name: string): string {
  return problems
    .filter(
      ({ path }) => path.split(".").at(-1) === name || (name === "cron" && path === "schedule"),
    )
    .map(({ message }) => message)
    .join("; ");
}

function unitOf(text: string): IntervalUnit {
  const units = ["seconds", "minutes", "hours", "days"] as const satisfies readonly IntervalUnit[];
  return units.find((unit) => unit === text) ?? "minutes";
}
