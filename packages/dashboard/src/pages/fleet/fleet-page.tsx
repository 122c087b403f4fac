/** The processes that share the database: how each fares, what it looks after, and what is wrong. */
import { useSignalEffect } from "@preact/signals";
import type { FleetView } from "@belfry/contract";
import { useEffect, useMemo } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { formatCount } from "../../format/number.ts";
import { createPolled } from "../../live/polled.ts";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { useParts } from "../../shell/parts.ts";
import { FleetTable } from "./fleet-table.tsx";
import { checksWords, fleetHeadline, fleetNotes, type FleetNote } from "./fleet-words.ts";
import { OneProcess } from "./one-process.tsx";
import { Spread } from "./spread.tsx";
import "./fleet-page.css";

const everyMs = 5000;

/** Draws the fleet, or the one process there is. */
export function FleetPage() {
  const { client, live } = useParts();
  const model = useMemo(
    () =>
      createPolled({
        ask: () => client.fleet(),
        everyMs,
        live,
        isSeen: () => !document.hidden,
      }),
    [client, live],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const fleet = model.value.value;
    const troubles = fleet === null ? 0 : fleetHeadline(fleet).troubles.length;
    document.title = troubles === 0 ? "Fleet – Belfry" : `(${troubles}) Fleet – Belfry`;
  });
  const fleet = model.value.value;
  const failure = model.failure.value;
  if (fleet === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The fleet" failure={failure} onRetry={() => model.refresh()} />;
  }
  const [own] = fleet.members;
  return (
    <>
      {failure !== null && <Stale failure={failure} />}
      {fleet.clustered || own === undefined ? (
        <Fleet fleet={fleet} />
      ) : (
        <OneProcess process={own} />
      )}
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

function Fleet({ fleet }: { fleet: FleetView }) {
  const { troubles, rest } = fleetHeadline(fleet);
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
      <Notes notes={fleetNotes(fleet)} />
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
