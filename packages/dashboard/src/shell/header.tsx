/** The header of every page: the way home, the state of the stream, and what is there everywhere. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Brand } from "../parts/brand.tsx";
import { Icon } from "../parts/icon.tsx";
import { formatCount, formatPlural } from "../format/number.ts";
import { troubles } from "../parts/status-words.ts";
import { plainIncidents } from "../route/alert-route.ts";
import { plainJobs, plainOutputs } from "../route/job-route.ts";
import {
  formatRoute,
  newMonitor,
  plainFleet,
  plainHosts,
  plainOverview,
  type View,
} from "../route/route.ts";
import { mayWrite } from "./access.ts";
import { createOpenIncidents } from "./open-incidents.ts";
import { useParts } from "./parts.ts";
import { nextTheme, type Theme } from "./theme.ts";
import type { StreamState } from "../live/stream.ts";

const themeNames: Readonly<Record<Theme, string>> = {
  system: "as the system",
  light: "light",
  dark: "dark",
};

/** Draws the header. */
export function Header({ onHelp }: { onHelp: () => void }) {
  const { live, theme, access, router } = useParts();
  const ringing = useSignal(false);
  useSignalEffect(() => live.listen({ counts: (c) => (ringing.value = (c["down"] ?? 0) > 0) }));
  const streamText = useComputed(() => streamWords(live.state.value));
  const session = access.state.value.kind === "in" ? access.state.value.session : null;
  const { chosen } = theme;
  return (
    <header class="header">
      <a class="header-home" href={formatRoute(plainOverview)}>
        <Brand ringing={ringing.value} />
        <span>Belfry</span>
      </a>
      <Pages />
      <span class={`header-live header-live-${live.state.value.kind}`} role="status">
        <span class="header-live-dot" aria-hidden="true" />
        <span class="header-live-text">{streamText}</span>
      </span>
      <nav aria-label="Everywhere">
        {mayWrite(access.state.value) && router.view.value.page !== "form" && (
          <a class="button button-quiet" href={formatRoute(newMonitor)}>
            <Icon name="plus" />
            <span class="header-wide">New monitor</span>
            <span class="header-narrow visually-hidden">New monitor</span>
          </a>
        )}
        <a
          class="button button-icon"
          href={formatRoute(plainFleet)}
          title="Fleet (f)"
          aria-label="Fleet"
          aria-current={router.view.value.page === "fleet" ? "page" : undefined}
        >
          <Icon name="fleet" />
        </a>
        <button
          type="button"
          class="button-icon"
          title={`Theme: ${themeNames[chosen.value]}`}
          aria-label={`Theme: ${themeNames[chosen.value]}. Change to ${themeNames[nextTheme(chosen.value)]}`}
          onClick={() => theme.choose(nextTheme(chosen.value))}
        >
          <Icon name={chosen.value} />
        </button>
        <button
          type="button"
          class="button-icon header-help"
          title="Keys (?)"
          aria-label="Help and keys"
          onClick={onHelp}
        >
          <Icon name="help" />
        </button>
        {session?.kind === "session" && (
          <button
            type="button"
            class="button-icon"
            title={`Sign out ${session.name}`}
            aria-label={`Sign out ${session.name}`}
            onClick={() => void access.signOut()}
          >
            <Icon name="leave" />
          </button>
        )}
      </nav>
    </header>
  );
}

/** The lists everything is found from. */
function Pages() {
  const { live, router } = useParts();
  const inTrouble = useSignal(0);
  useSignalEffect(() =>
    live.listen({
      host_counts: (counts) =>
        (inTrouble.value = troubles.reduce((sum, status) => sum + (counts[status] ?? 0), 0)),
    }),
  );
  const { page } = router.view.value;
  return (
    <nav class="header-pages" aria-label="Pages">
      <a href={formatRoute(plainOverview)} aria-current={currentOf(page, "overview", "monitor")}>
        Monitors
      </a>
      <a href={formatRoute(plainHosts)} aria-current={currentOf(page, "hosts", "host")}>
        Hosts
        {inTrouble.value > 0 && (
          <span class="header-count" title={`${formatPlural(inTrouble.value, "host")} in trouble`}>
            {formatCount(inTrouble.value)}
            <span class="visually-hidden"> in trouble</span>
          </span>
        )}
      </a>
      <a
        href={formatRoute(plainJobs)}
        aria-current={currentOf(page, "jobs", "job", "run", "failures")}
      >
        Jobs
      </a>
      <OpenIncidents current={currentOf(page, "incidents", ...alertPages)} />
      <a href={formatRoute(plainOutputs)} aria-current={currentOf(page, "outputs")}>
        Outputs
      </a>
    </nav>
  );
}

/** What is reached from the incidents. */
const alertPages = [
  "incident",
  "silences",
  "rules",
  "rule",
  "routes",
  "channels",
  "would-tell",
] as const satisfies readonly View["page"][];

/** The way to the incidents, with how many are open. */
function OpenIncidents({ current }: { current: "page" | "true" | undefined }) {
  const { client, live } = useParts();
  const open = useMemo(() => createOpenIncidents({ client, live }), [client, live]);
  useEffect(() => () => open[Symbol.dispose](), [open]);
  const { count, isMore } = open.count.value;
  return (
    <a href={formatRoute(plainIncidents)} aria-current={current}>
      Incidents
      {count > 0 && (
        <span class="header-count" title={`${formatPlural(count, "incident")} open`}>
          {formatCount(count)}
          {isMore && "+"}
          <span class="visually-hidden"> open</span>
        </span>
      )}
    </a>
  );
}

/** `page` for the list itself, `true` for what was opened from it. */
function currentOf(page: View["page"], list: View["page"], ...others: readonly View["page"][]) {
  return page === list ? "page" : others.includes(page) ? "true" : undefined;
}

function streamWords(state: StreamState): string {
  switch (state.kind) {
    case "open":
      return "Live";
    case "connecting":
    case "stopped":
      return "Connecting";
    case "lost":
      return "Not live";
  }
}
