/** The log of a run: its events as lines, the newest at the bottom, which is followed until somebody scrolls up. */
import { useSignal, type Signal } from "@preact/signals";
import type { KeptEventView, RunView } from "@belfry/contract";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatCount } from "../../format/number.ts";
import { formatClock, formatInstant } from "../../format/time.ts";
import type { EventLog } from "./event-log.ts";
import { isPulse, lineOf } from "./event-words.ts";

/** So many lines are drawn at first, and more with every step back. */
const page = 200;
/** This near to its end, in px, the log counts as followed. */
const nearEnd = 24;

/** Draws the log. */
export function RunLog({ log, run }: { log: EventLog; run: RunView }) {
  const follows = useSignal(true);
  const pulses = useSignal(false);
  const most = useSignal(page);
  const all = log.events.value;
  if (all === null) {
    return log.failed.value ? <p class="quiet">The events cannot be read.</p> : null;
  }
  const wanted = pulses.value ? all : all.filter((event) => !isPulse(event));
  const shown = wanted.slice(-most.value);
  return (
    <section class="run-section" aria-labelledby="log-title">
      <header>
        <h2 id="log-title">Events</h2>
        <label>
          <input
            type="checkbox"
            checked={pulses}
            onChange={(event) => (pulses.value = event.currentTarget.checked)}
          />
          Heartbeats
        </label>
        <label>
          <input
            type="checkbox"
            checked={follows}
            onChange={(event) => (follows.value = event.currentTarget.checked)}
          />
          Follow
        </label>
      </header>
      {run.events_dropped > 0 && (
        <p class="quiet run-dropped">
          The first {formatCount(run.events_dropped)} of {formatCount(run.events)} events are no
          longer kept.
        </p>
      )}
      {shown.length < wanted.length && (
        <button
          type="button"
          class="log-earlier"
          onClick={() => {
            follows.value = false;
            most.value += page;
          }}
        >
          Earlier events
        </button>
      )}
      <Lines events={shown} follows={follows} />
    </section>
  );
}

function Lines({
  events,
  follows,
}: {
  events: readonly KeptEventView[];
  follows: Signal<boolean>;
}) {
  const box = useRef<HTMLOListElement>(null);
  const newest = events.at(-1)?.idempotency_key;
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && follows.value) element.scrollTop = element.scrollHeight;
  }, [newest, events.length, follows.value]);
  if (events.length === 0) return <p class="quiet">No event yet.</p>;
  return (
    <ol
      ref={box}
      class="run-log"
      tabIndex={0}
      aria-label="Events, the newest last"
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        follows.value = scrollHeight - scrollTop - clientHeight < nearEnd;
      }}
    >
      {events.map((event) => (
        <Line key={event.idempotency_key} event={event} />
      ))}
    </ol>
  );
}

function Line({ event }: { event: KeptEventView }) {
  const { level, word, text, more } = lineOf(event);
  const at = Date.parse(event.at);
  return (
    <li class={`log-line log-${level}`}>
      <time dateTime={event.at} title={formatInstant(at)}>
        {formatClock(at)}
      </time>
      <span class="log-word">{word}</span>
      <span class="log-text">
        {text}
        {more !== "" && <code class="log-more">{more}</code>}
      </span>
    </li>
  );
}
