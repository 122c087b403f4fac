/** Who would be told if something failed now: when, by which route and channel, and what each stage of alerting did. */
import { useSignalEffect } from "@preact/signals";
import type { Severity, WouldTell } from "@belfry/contract";
import { useFollowed } from "../../live/use-followed.ts";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { isMissing } from "../../api/failure.ts";
import { severityTitle } from "../../parts/severity-words.ts";
import { SubjectLink } from "../../parts/subject-link.tsx";
import {
  incidentPage,
  plainRoutes,
  plainSilences,
  plainWouldTell,
  severityNames,
  type WouldTellView,
} from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { SubjectPicker } from "./subject-picker.tsx";
import { resultTitle, stageTitle, summaryOf } from "./told-words.ts";
import { ToldList } from "./told-list.tsx";
import "../../parts/settings-list.css";
import "./would-tell-page.css";

/** Hours, windows and silences begin and end without anybody saying so. */
const everyMs = 15_000;

/** Draws the question, and the answer once something is chosen. */
export function WouldTellPage() {
  const { router } = useParts();
  const view = router.view.value.page === "would-tell" ? router.view.value : plainWouldTell;
  useSignalEffect(() => {
    document.title = "Who is told – Belfry";
  });
  return (
    <>
      <div class="alert-title">
        <h1>Who would be told?</h1>
      </div>
      <AlertTabs at="would-tell" />
      {view.id === null ? (
        <>
          <p class="quiet would-tell-lead">
            Choose what would fail now. What alerting would do is found by doing it with a made-up
            incident; nothing is sent or kept.
          </p>
          <SubjectPicker view={view} />
        </>
      ) : (
        <Answer key={formatRoute(view)} view={{ ...view, id: view.id }} />
      )}
    </>
  );
}

type Chosen = WouldTellView & { readonly id: string };

function Answer({ view }: { view: Chosen }) {
  const { client } = useParts();
  const { kind, id, severity } = view;
  const asked = useFollowed(formatRoute(view), () => client.wouldTell(kind, id, severity), {
    everyMs,
  });
  const found = asked.value.value;
  const failure = asked.failure.value;
  if (found === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    if (isMissing(failure)) {
      return (
        <>
          <p class="settings-warning">There is no such {kind} any more. Choose another one:</p>
          <SubjectPicker view={{ ...view, id: null }} />
        </>
      );
    }
    return (
      <CannotShow what="Who would be told" failure={failure} onRetry={() => asked.refresh()} />
    );
  }
  const summary = summaryOf(found);
  return (
    <div class="would-tell">
      <Question found={found} view={view} />
      <section aria-labelledby="told-title">
        <h2 id="told-title" class={summary.isBad ? "told-title told-title-bad" : "told-title"}>
          {summary.text}
        </h2>
        <ToldList found={found} />
      </section>
      <Stages stages={found.stages} />
      <Labels labels={found.labels} />
    </div>
  );
}

/** What was asked, and how to ask something else. */
function Question({ found, view }: { found: WouldTell; view: Chosen }) {
  const { router } = useParts();
  return (
    <div class="would-tell-question">
      <p>
        If <SubjectLink subject={found.subject} /> failed now
      </p>
      <label>
        <span class="visually-hidden">Severity</span>
        <select
          value={view.severity ?? ""}
          onChange={({ currentTarget: { value } }) =>
            router.go({ ...view, severity: severityOf(value) })
          }
        >
          <option value="">as it would be: {severityTitle(found.severity).toLowerCase()}</option>
          {severityNames.map((name) => (
            <option key={name} value={name}>
              as {severityTitle(name).toLowerCase()}
            </option>
          ))}
        </select>
      </label>
      <a class="button" href={formatRoute({ ...view, id: null })}>
        Choose another
      </a>
    </div>
  );
}

function severityOf(text: string): Severity | null {
  return severityNames.find((name) => name === text) ?? null;
}

type Stage = WouldTell["stages"][number];

/** What each stage did, in their order. */
function Stages({ stages }: { stages: readonly Stage[] }) {
  return (
    <section aria-labelledby="stages-title">
      <h2 id="stages-title">Step by step</h2>
      <ol class="stages">
        {stages.map((stage) => (
          <li key={stage.stage} class={`stage stage-${stage.result}`}>
            <b>{stageTitle(stage.stage)}</b>
            <span class="stage-result">{resultTitle(stage.result)}</span>
            <p>
              {stage.text}
              {stage.found.map((one) => (
                <span key={one.id}>
                  {" "}
                  <a class="chip" href={hrefOf(one)} title={one.name}>
                    {one.name === "" ? one.kind.replaceAll("_", " ") : one.name}
                  </a>
                </span>
              ))}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function hrefOf({ kind, id }: Stage["found"][number]): string {
  switch (kind) {
    case "incident":
      return formatRoute(incidentPage(id));
    case "alert_route":
      return formatRoute(plainRoutes);
    case "maintenance":
    case "silence":
      return formatRoute(plainSilences);
  }
}

/** What matchers of routes and silences see. */
function Labels({ labels }: { labels: WouldTell["labels"] }) {
  return (
    <section aria-labelledby="labels-title">
      <h2 id="labels-title">What matchers see</h2>
      <p class="would-tell-labels">
        {Object.entries(labels).map(([name, value]) => (
          <code key={name} class="chip" title={`${name}="${value}"`}>
            {name}="{value}"
          </code>
        ))}
      </p>
    </section>
  );
}
