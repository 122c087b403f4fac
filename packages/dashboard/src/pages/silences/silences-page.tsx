/** Silences, and maintenance windows with their calendar. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { useFollowed } from "../../live/use-followed.ts";
import { AlertTabs } from "../../parts/alert-tabs.tsx";
import { mayWrite } from "../../shell/access.ts";
import { useParts } from "../../shell/parts.ts";
import { Maintenance } from "./maintenance.tsx";
import { Silences } from "./silences.tsx";
import "./silences-page.css";

/** Windows open and close without anybody saying so. */
const everyMs = 15_000;

/** Draws both. `month`: of the calendar; empty: the present one. */
export function SilencesPage({ month }: { month: string }) {
  const { client, access } = useParts();
  const silences = useFollowed("silences", () => client.silences(), { everyMs });
  const maintenance = useFollowed("maintenance", () => client.maintenance(), { everyMs });
  const writes = useSignal(false);
  writes.value = mayWrite(access.state.value);
  useSignalEffect(() => {
    document.title = "Silences and maintenance – Belfry";
  });
  const failure = silences.failure.value ?? maintenance.failure.value;
  const ofSilences = silences.value.value;
  const ofMaintenance = maintenance.value.value;
  const refresh = (): void => {
    silences.refresh();
    maintenance.refresh();
  };
  if (ofSilences === null || ofMaintenance === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="Silences and maintenance" failure={failure} onRetry={refresh} />;
  }
  return (
    <div class="silences-page">
      <div class="alert-title">
        <h1>Silences and maintenance</h1>
      </div>
      <AlertTabs at="silences" />
      <Silences silences={ofSilences.items} writes={writes.value} onChange={refresh} />
      <Maintenance
        windows={ofMaintenance.items}
        month={month}
        writes={writes.value}
        onChange={refresh}
      />
    </div>
  );
}
