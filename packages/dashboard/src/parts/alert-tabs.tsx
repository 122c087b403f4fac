/** The pages of alerting, side by side. */
import {
  pastIncidents,
  plainIncidents,
  plainSilences,
  type AlertRelatedView,
} from "../route/alert-route.ts";
import { formatRoute } from "../route/route.ts";
import "./alert-tabs.css";

type Tab = "open" | "past" | "silences";

const tabs = [
  ["open", "Now", plainIncidents],
  ["past", "Past", pastIncidents],
  ["silences", "Silences and maintenance", plainSilences],
] as const satisfies readonly (readonly [Tab, string, AlertRelatedView])[];

/** Draws the links; `at` is where one is. */
export function AlertTabs({ at }: { at: Tab }) {
  return (
    <nav class="alert-tabs" aria-label="Alerting">
      {tabs.map(([tab, title, view]) => (
        <a key={tab} href={formatRoute(view)} aria-current={tab === at ? "page" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
