/** The page of one incident: what is wrong, of what it comes, what was done, and who was told. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { IncidentView } from "@belfry/contract";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { isMissing } from "../../api/failure.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { Evidence } from "../../parts/evidence.tsx";
import { createIncidentActions, type IncidentActions } from "../../parts/incident-actions.ts";
import { Missing } from "../../parts/missing.tsx";
import { SnoozeDialog } from "../../parts/snooze-dialog.tsx";
import { severityTitle } from "../../parts/severity-words.ts";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { useKeys } from "../../shell/use-keys.ts";
import { CommentForm } from "./comment-form.tsx";
import { IncidentHead } from "./incident-head.tsx";
import { Notices } from "./notices.tsx";
import { Timeline } from "./timeline.tsx";
import { Troubles } from "./troubles.tsx";
import "./incident-page.css";

/** Draws the incident of an id. */
export function IncidentPage({ id }: { id: string }) {
  const parts = useParts();
  const incident = useFollowed(`incident ${id}`, () => parts.client.incident(id));
  const timeline = useFollowed(`timeline ${id}`, () => parts.client.timeline(id));
  const actions = useMemo(
    () =>
      createIncidentActions(parts, (changed) => {
        incident.value.value = changed;
        timeline.refresh();
      }),
    [incident, timeline],
  );
  useSignalEffect(() => {
    const known = incident.value.value;
    if (known === null) return;
    const state = known.resolved_at === null ? severityTitle(known.severity) : "Over";
    document.title = `${state}: ${known.title} – Belfry`;
  });
  const known = incident.value.value;
  const failure = incident.failure.value;
  if (known === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    if (isMissing(failure)) return <Missing what="There is no such incident." />;
    return <CannotShow what="This incident" failure={failure} onRetry={() => incident.refresh()} />;
  }
  return (
    <Shown incident={known} actions={actions}>
      <Timeline
        entries={timeline.value.value?.items ?? null}
        failure={timeline.failure.value}
        openedAt={Date.parse(known.opened_at)}
      />
    </Shown>
  );
}

interface ShownProps {
  readonly incident: IncidentView;
  readonly actions: IncidentActions;
  /** The time line. */
  readonly children: ComponentChildren;
}

function Shown({ incident, actions, children }: ShownProps) {
  const { access } = useParts();
  const snoozing = useSignal(false);
  const writes = mayWrite(access.state.value);
  const isOpen = incident.resolved_at === null;
  const may = writes && isOpen;
  useKeys({
    ...(may && incident.acknowledged_at === null
      ? { a: () => void actions.acknowledge(incident.id) }
      : {}),
    ...(may ? { s: () => (snoozing.value = true) } : {}),
  });
  return (
    <article class="incident-page">
      <IncidentHead
        incident={incident}
        actions={may ? actions : null}
        onSnooze={() => (snoozing.value = true)}
      />
      <div class="incident-columns">
        <div>
          <Troubles incident={incident} />
          {Object.keys(incident.evidence).length > 0 && (
            <section aria-labelledby="evidence-title">
              <h2 id="evidence-title">Evidence</h2>
              <Evidence evidence={incident.evidence} />
            </section>
          )}
          <Notices incident={incident.id} />
        </div>
        <div>
          {children}
          {writes && <CommentForm id={incident.id} actions={actions} />}
        </div>
      </div>
      <SnoozeDialog
        incident={snoozing.value ? incident : null}
        actions={actions}
        onClose={() => (snoozing.value = false)}
      />
    </article>
  );
}
