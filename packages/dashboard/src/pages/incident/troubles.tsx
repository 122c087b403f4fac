/** What is wrong with whom: every trouble of an incident, those that last first. */
import type { IncidentView, TroubleView } from "@belfry/contract";
import { useSignal } from "@preact/signals";
import { formatPlural } from "../../format/number.ts";
import { formatDuration } from "../../format/time.ts";
import { Ago } from "../../parts/ago.tsx";
import { SeverityLabel } from "../../parts/severity-mark.tsx";
import { SubjectLink } from "../../parts/subject-link.tsx";

const fewAtFirst = 12;

/** Draws the list; a long one is cut until it is asked for. */
export function Troubles({ incident }: { incident: IncidentView }) {
  const all = useSignal(false);
  const troubles = incident.troubles.toSorted(
    (a, b) => Number(a.until !== null) - Number(b.until !== null),
  );
  if (troubles.length === 0) return null;
  const shown = all.value ? troubles : troubles.slice(0, fewAtFirst);
  return (
    <section aria-labelledby="troubles-title">
      <h2 id="troubles-title">{formatPlural(troubles.length, "trouble")}</h2>
      <ul class="troubles">
        {shown.map((trouble) => (
          <Trouble
            key={`${trouble.kind} ${trouble.id} ${trouble.rule} ${trouble.since}`}
            trouble={trouble}
            isCause={incident.cause?.id === trouble.id}
          />
        ))}
      </ul>
      {shown.length < troubles.length && (
        <button type="button" onClick={() => (all.value = true)}>
          Show all {troubles.length}
        </button>
      )}
    </section>
  );
}

function Trouble({ trouble, isCause }: { trouble: TroubleView; isCause: boolean }) {
  const { since, until } = trouble;
  return (
    <li>
      <SeverityLabel severity={trouble.severity} isOver={until !== null} />
      <div>
        <p>
          <b>
            <SubjectLink subject={trouble} />
          </b>{" "}
          <span class="quiet">
            {trouble.rule.replaceAll("_", " ")}{" "}
            {until === null ? (
              <>
                for <Ago at={since} as="since" />
              </>
            ) : (
              `lasted ${formatDuration(Date.parse(until) - Date.parse(since))}`
            )}
          </span>
          {isCause && <span class="chip">cause</span>}
        </p>
        {trouble.message !== "" && <p>{trouble.message}</p>}
      </div>
    </li>
  );
}
