/** The processes that share the database: how each fares, what it looks after, and what is wrong. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { formatCount } from "../../format/number.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { useParts } from "../../shell/parts.ts";
import { Elsewhere } from "./elsewhere.tsx";
import { createFleetModel } from "./fleet-model.ts";
import { FleetTable } from "./fleet-table.tsx";
import {
  checksWords,
  fleetHeadline,
  fleetNotes,
  type FleetNote,
  type SeenFleet,
} from "./fleet-words.ts";
import { OneProcess } from "./one-process.tsx";
import { Spread } from "./spread.tsx";
import "./fleet-page.css";

/** Draws the fleet, or the one process there is. */
export function FleetPage() {
  const { client, live } = useParts();
  const model = useMemo(
    () => createFleetModel({ client, live, isSeen: () => !document.hidden }),
    [client, live],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const seen = model.value.value;
    const troubles = seen === null ? 0 : fleetHeadline(seen).troubles.length;
    document.title = troubles === 0 ? "Fleet – Belfry" : `(${troubles}) Fleet – Belfry`;
  });
  const seen = model.value.value;
  const failure = model.failure.value;
  if (seen === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The fleet" failure={failure} onRetry={() => model.refresh()} />;
  }
  const { clustered, members } = seen.fleet;
  const [own] = members;
  return (
    <>
      {failure !== null && <Stale failure={failure} />}
      {clustered || own === undefined ? <Fleet seen={seen} /> : <OneProcess process={own} />}
      <Elsewhere />
    </>
  );
}

/** What is shown is no longer what is. */
function Stale({ failure }: { failure: Failure }) {
  return (
    <p class="fleet-stale" role="alert">
      This is how things stood a while ago. {describeFailure(failure)}
    </p>
  );
}

function Fleet({ seen }: { seen: SeenFleet }) {
  const { fleet } = seen;
  const { troubles, rest } = fleetHeadline(seen);
  return (
    <>
      <div class="headline">
        <h1>
          {troubles.map(({ tone, text }, i) => (
            <span key={text} class={tone === "bad" ? "is-down" : "is-degraded"}>
              {i > 0 && <span class="headline-rest">, </span>}
              <em>{text}</em>
            </span>
          ))}{" "}
          <span class={troubles.length > 0 ? "headline-rest" : ""}>{rest}</span>
        </h1>
      </div>
      <Notes notes={fleetNotes(seen)} />
      <dl class="fleet-totals">
        <div>
          <dt>Checks</dt>
          <dd>{checksWords(fleet.checks_per_second)}</dd>
        </div>
        <div>
          <dt>Missed in take-overs</dt>
          <dd>{formatCount(fleet.missed_slots)}</dd>
        </div>
        <Spread fleet={fleet} kind="check" title="Shares of checks" />
        <Spread fleet={fleet} kind="hear" title="Shares of hosts and heartbeats" />
      </dl>
      <FleetTable fleet={fleet} />
    </>
  );
}

function Notes({ notes }: { notes: readonly FleetNote[] }) {
  return (
    <ul class="fleet-notes" aria-label="What is to be known">
      {notes.map(({ tone, text }) => (
        <li key={text} class={`fleet-note fleet-note-${tone}`}>
          {text}
        </li>
      ))}
    </ul>
  );
}
