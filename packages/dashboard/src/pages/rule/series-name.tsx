/** A subject, and which of its series is meant where it has several. */
import type { RuleReplayView } from "@belfry/contract";

type Ring = RuleReplayView["rings"][number];

interface NameProps {
  readonly subject: Pick<Ring["subject"], "name">;
  readonly series: Ring["series"];
}

/** Draws both; what is long is cut off, and whole in its title. */
export function SeriesName({ subject, series }: NameProps) {
  const labels = Object.entries(series)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
  return (
    <span class="series-name" title={labels === "" ? subject.name : `${subject.name}, ${labels}`}>
      <b>{subject.name}</b>
      {labels !== "" && <span class="quiet"> {labels}</span>}
    </span>
  );
}
