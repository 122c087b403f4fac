/** Every host in one scan: what needs a person, and what each machine does now. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { CannotShow } from "../../parts/cannot-show.tsx";
import { LabelFilter, SearchField } from "../../parts/filters.tsx";
import { HeadlineView } from "../../parts/headline-view.tsx";
import { Notice } from "../../parts/notice.tsx";
import {
  formatRoute,
  hostSorts,
  plainHosts,
  type HostSort,
  type HostsView,
} from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { createHostList, type HostList } from "./host-list-model.ts";
import { HostTable } from "./host-table.tsx";
import { NoHosts } from "./no-hosts.tsx";
import "./hosts-page.css";

const sortNames: Readonly<Record<HostSort, string>> = {
  trouble: "Trouble first",
  name: "By name",
  cpu: "Most CPU",
  memory: "Most memory",
  disk: "Fullest disk",
  network: "Most traffic",
  load: "Most load",
  temperature: "Hottest",
  uptime: "Longest up",
};

/** Draws the list of the address. */
export function HostsPage() {
  const { client, live, router, now } = useParts();
  const view = useComputed(() =>
    router.view.value.page === "hosts" ? router.view.value : plainHosts,
  );
  const model = useMemo(
    () => createHostList({ client, live, view, now: () => now.peek() }),
    [client, live, view, now],
  );
  useEffect(() => () => model[Symbol.dispose](), [model]);
  useSignalEffect(() => {
    const down = model.counts.value?.["down"] ?? 0;
    document.title = down === 0 ? "Hosts – Belfry" : `(${down} down) Hosts – Belfry`;
  });
  const failure = model.failure.value;
  if (model.total.value === null) {
    if (failure === null) return <p class="visually-hidden">Loading…</p>;
    return <CannotShow what="The hosts" failure={failure} onRetry={() => model.refresh()} />;
  }
  if (model.total.value === 0) return <NoHosts />;
  return (
    <>
      <HeadlineView
        counts={model.counts.value}
        noun="host"
        asked={view.value.status}
        hrefOf={(status) => formatRoute({ ...view.value, status })}
      />
      <HostTools view={view.value} />
      <Results model={model} view={view.value} />
    </>
  );
}

function HostTools({ view }: { view: HostsView }) {
  const { router } = useParts();
  const entering = useSignal(0);
  const asked = useComputed(() =>
    router.view.value.page === "hosts" ? router.view.value.q : undefined,
  );
  useSignalEffect(() => {
    if (entering.value === 0) return;
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".host-row a")?.focus());
  });
  return (
    <search class="tools">
      <SearchField
        asked={asked}
        label="Search hosts"
        placeholder="Search names and labels"
        onSearch={(q) => router.replace({ ...view, q })}
        onEnter={() => (entering.value += 1)}
      />
      <label class="hosts-sort">
        <span class="visually-hidden">Order</span>
        <select
          value={view.sort}
          onChange={(event) =>
            router.go({ ...view, sort: sortOf(event.currentTarget.value), reversed: false })
          }
        >
          {hostSorts.map((sort) => (
            <option key={sort} value={sort}>
              {sortNames[sort]}
            </option>
          ))}
        </select>
      </label>
      <LabelFilter labels={view.labels} onLabels={(labels) => router.go({ ...view, labels })} />
    </search>
  );
}

function Results({ model, view }: { model: HostList; view: HostsView }) {
  if (model.ids.value.length > 0) return <HostTable model={model} view={view} />;
  return (
    <Notice title="No host fits" level={2}>
      <p>Nothing has all of what you asked for.</p>
      <a class="button" href={formatRoute(plainHosts)}>
        Show all
      </a>
    </Notice>
  );
}

function sortOf(text: string): HostSort {
  return hostSorts.find((sort) => sort === text) ?? "trouble";
}
