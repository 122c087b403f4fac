/** How the shares of a kind are spread over the processes, as a bar. */
import type { FleetView } from "@belfry/contract";
import { formatCount } from "../../format/number.ts";
import { presentOf, shareParts, shareWords, totalShares } from "./fleet-words.ts";

interface SpreadProps {
  readonly fleet: FleetView;
  readonly kind: "check" | "hear";
  readonly title: string;
}

/** Draws the bar below its title; the colours are those of the rows of the table. */
export function Spread({ fleet, kind, title }: SpreadProps) {
  const parts = shareParts(fleet, kind);
  return (
    <div class="fleet-spread">
      <dt>
        {title} <span class="quiet">{formatCount(totalShares(fleet, kind))}</span>
      </dt>
      <dd>
        <span class="spread-bar" role="img" aria-label={shareWords(parts)}>
          {parts.map(({ id, name, count }) => (
            <span
              key={id}
              class={id === null ? "spread-nobody" : seriesClass(fleet, id)}
              style={{ flexGrow: count }}
              title={`${name}: ${formatCount(count)}`}
            />
          ))}
        </span>
      </dd>
    </div>
  );
}

/** How many colours there are. */
const colours = 8;

/** The class that colours what belongs to a process; empty for one that ended. */
export function seriesClass(fleet: FleetView, id: string): string {
  const place = presentOf(fleet).findIndex((member) => member.id === id);
  return place === -1 ? "" : `spread-${(place % colours) + 1}`;
}
