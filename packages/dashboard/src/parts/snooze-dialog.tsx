/** Asks for how long nobody is to be told of an incident. */
import { useSignal } from "@preact/signals";
import type { IncidentView } from "@belfry/contract";
import { useSubmit } from "../form/use-submit.ts";
import { formatInstant } from "../format/time.ts";
import { useParts } from "../shell/parts.ts";
import { DialogActions } from "./dialog-actions.tsx";
import { Dialog } from "./dialog.tsx";
import type { IncidentActions } from "./incident-actions.ts";
import "./snooze-dialog.css";

const spans = [
  [1800, "30 minutes"],
  [3600, "1 hour"],
  [14_400, "4 hours"],
  [86_400, "1 day"],
  [604_800, "1 week"],
] as const;

interface SnoozeProps {
  readonly incident: IncidentView | null;
  readonly actions: IncidentActions;
  readonly onClose: () => void;
}

/** Open while there is an incident. */
export function SnoozeDialog({ incident, actions, onClose }: SnoozeProps) {
  return (
    <Dialog title="Snooze" open={incident !== null} onClose={onClose}>
      {incident !== null && <SnoozeForm incident={incident} actions={actions} onClose={onClose} />}
    </Dialog>
  );
}

function SnoozeForm({
  incident,
  actions,
  onClose,
}: SnoozeProps & { readonly incident: IncidentView }) {
  const { now } = useParts();
  const seconds = useSignal<number>(3600);
  const open = useSignal(true);
  const { busy, submit } = useSubmit(async () => {
    if (await actions.snooze(incident.id, seconds.value)) onClose();
  });
  if (!open.value) onClose();
  return (
    <form class="snooze" onSubmit={submit}>
      <p>
        Nobody is told of <b>{incident.title}</b> meanwhile. It rings again if it still lasts then.
      </p>
      <fieldset>
        <legend class="visually-hidden">For how long</legend>
        {spans.map(([span, title]) => (
          <label key={span}>
            <input
              type="radio"
              name="snooze-span"
              checked={seconds.value === span}
              onChange={() => (seconds.value = span)}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <p class="quiet">Until {formatInstant(now.value + seconds.value * 1000)}</p>
      <DialogActions open={open} busy={busy} verb="Snooze" busyVerb="Snoozing…" tone="main" />
    </form>
  );
}
