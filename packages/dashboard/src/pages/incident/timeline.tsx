/** Everything that happened around an incident, in its order: shortly before, then from its beginning on. */
import type { IncidentEntry } from "@belfry/contract";
import { describeFailure, isMissing, type Failure } from "../../api/failure.ts";
import { formatClock, formatInstant, formatMoment } from "../../format/time.ts";
import { SubjectLink } from "../../parts/subject-link.tsx";
import { entryTitle, entryTone } from "./entry-words.ts";

interface TimelineProps {
  /** The oldest first; null before the first answer. */
  readonly entries: readonly IncidentEntry[] | null;
  readonly failure: Failure | null;
  /** Epoch ms. */
  readonly openedAt: number;
}

/** Draws the line. */
export function Timeline({ entries, failure, openedAt }: TimelineProps) {
  // A hub without time lines has nothing to show here, and nothing is wrong with it.
  if (entries === null && (failure === null || isMissing(failure))) return null;
  const sorted = (entries ?? []).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const before = sorted.filter(({ at }) => Date.parse(at) < openedAt);
  const during = sorted.slice(before.length);
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Time line</h2>
      {entries === null && failure !== null && (
        <p class="quiet">It cannot be shown. {describeFailure(failure)}</p>
      )}
      {before.length > 0 && (
        <>
          <h3>Shortly before</h3>
          <Entries entries={before} />
        </>
      )}
      {during.length > 0 && (
        <>
          <h3>Since {formatMoment(openedAt, Date.now())}</h3>
          <Entries entries={during} />
        </>
      )}
    </section>
  );
}

function Entries({ entries }: { entries: readonly IncidentEntry[] }) {
  return (
    <ol class="entries">
      {entries.map((entry, i) => (
        <Entry key={`${entry.at} ${entry.kind} ${i}`} entry={entry} />
      ))}
    </ol>
  );
}

function Entry({ entry }: { entry: IncidentEntry }) {
  const at = Date.parse(entry.at);
  return (
    <li class={`entry entry-${entryTone(entry.kind)}`}>
      <time dateTime={entry.at} title={formatInstant(at)}>
        {formatClock(at)}
      </time>
      <div>
        <p class="entry-what">
          <span class="entry-kind">{entryTitle(entry.kind)}</span>
          {entry.subject !== null && <SubjectLink subject={entry.subject} />}
          {entry.by !== null && <span class="quiet">by {entry.by}</span>}
        </p>
        <p class="entry-text">{entry.text}</p>
      </div>
    </li>
  );
}
