/** The pages of alerting, side by side. */
import { useEffect, useRef } from "preact/hooks";
import {
  pastIncidents,
  plainChannels,
  plainIncidents,
  plainRoutes,
  plainRules,
  plainSilences,
  plainWouldTell,
  type AlertRelatedView,
} from "../route/alert-route.ts";
import { formatRoute } from "../route/route.ts";
import "./alert-tabs.css";

type Tab = "open" | "past" | "silences" | "rules" | "routes" | "channels" | "would-tell";

const tabs = [
  ["open", "Now", plainIncidents],
  ["past", "Past", pastIncidents],
  ["silences", "Silences and maintenance", plainSilences],
  ["rules", "Rules", plainRules],
  ["routes", "Routes", plainRoutes],
  ["channels", "Channels", plainChannels],
  ["would-tell", "Who is told", plainWouldTell],
] as const satisfies readonly (readonly [Tab, string, AlertRelatedView])[];

/** Draws the links; `at` is where one is. */
export function AlertTabs({ at }: { at: Tab }) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone they do not all fit: the present one is to be seen.
    const here = nav.current?.querySelector<HTMLElement>("[aria-current]");
    nav.current?.scrollTo({ left: (here?.offsetLeft ?? 0) - nav.current.clientWidth / 3 });
  }, [at]);
  return (
    <nav ref={nav} class="alert-tabs" aria-label="Alerting">
      {tabs.map(([tab, title, view]) => (
        <a key={tab} href={formatRoute(view)} aria-current={tab === at ? "page" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
