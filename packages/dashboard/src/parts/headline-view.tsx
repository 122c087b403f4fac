/** The sentence on top, the proportions below it, and the counts that filter by status. */
import type { Status } from "@belfry/contract/status";
import { formatCount } from "../format/number.ts";
import { StatusMark } from "./status-mark.tsx";
import { countsOf, meaningOf, titleOf } from "./status-words.ts";
import { headlineOf } from "./headline.ts";

interface HeadlineProps {
  readonly counts: Readonly<Record<string, number>> | null;
  /** What is counted: `monitor`. */
  readonly noun: string;
  /** Statuses the list is filtered by. */
  readonly asked: readonly Status[];
  /** The address of the list filtered by statuses. */
  readonly hrefOf: (status: readonly Status[]) => string;
}

/** How things stand. */
export function HeadlineView({ counts, noun, asked, hrefOf }: HeadlineProps) {
  if (counts === null) return <h1 class="headline headline-waiting">{noun}s</h1>;
  const { troubles, calm } = headlineOf(counts, noun);
  const present = countsOf(counts).filter(({ count }) => count > 0);
  return (
    <div class="headline">
      <h1>
        {troubles.map(({ status, text }, i) => (
          <span key={status} class={`is-${status}`}>
            {i > 0 && <span class="headline-rest">, </span>}
            <em>{text}</em>
          </span>
        ))}{" "}
        <span class={troubles.length > 0 ? "headline-rest" : ""}>{calm}</span>
      </h1>
      <div class="tally" aria-hidden="true">
        {present.map(({ status, count }) => (
          <span key={status} class={`is-${status}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul class="tally-keys" aria-label="Filter by status">
        {present.map(({ status, count }) => (
          <li key={status}>
            <a
              href={hrefOf(toggled(asked, status))}
              aria-current={asked.includes(status) ? "true" : undefined}
              title={meaningOf(status)}
            >
              <StatusMark status={status} />
              <span>{titleOf(status)}</span>
              <b>{formatCount(count)}</b>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function toggled(asked: readonly Status[], status: Status): readonly Status[] {
  return asked.includes(status) ? asked.filter((one) => one !== status) : [...asked, status];
}
