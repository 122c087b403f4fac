/** Search, filters and order. All of it lives in the address. */
import { useComputed, useSignal } from "@preact/signals";
import type { CheckKindView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import { LabelFilter, SearchField } from "../../parts/filters.tsx";
import { orders, type Order, type OverviewView } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";

const orderNames: Readonly<Record<Order, string>> = {
  trouble: "Trouble first",
  name: "By name",
  latency: "Slowest first",
  newest: "Newest first",
};

interface ToolsProps {
  readonly view: OverviewView;
  /** Called when somebody wants to go on to what was found. */
  readonly onEnter: () => void;
}

/** Draws the row of tools. */
export function Tools({ view, onEnter }: ToolsProps) {
  const { router, client } = useParts();
  const asked = useComputed(() =>
    router.view.value.page === "overview" ? router.view.value.q : undefined,
  );
  const kinds = useSignal<readonly CheckKindView[]>([]);
  useEffect(() => {
    void client.checkKinds().then((reply) => {
      if (reply.kind === "ok") kinds.value = reply.value.items;
    });
  }, [client, kinds]);
  return (
    <search class="tools">
      <SearchField
        asked={asked}
        label="Search monitors"
        placeholder="Search names and addresses"
        onSearch={(q) => router.replace({ ...view, q })}
        onEnter={onEnter}
      />
      <label>
        <span class="visually-hidden">Kind</span>
        <select
          value={view.kind}
          onChange={(event) => router.go({ ...view, kind: event.currentTarget.value })}
        >
          <option value="">All kinds</option>
          {kinds.value.map((kind) => (
            <option key={kind.kind} value={kind.kind}>
              {kind.title}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Order</span>
        <select
          value={view.order}
          onChange={(event) => router.go({ ...view, order: orderOf(event.currentTarget.value) })}
        >
          {orders.map((order) => (
            <option key={order} value={order}>
              {orderNames[order]}
            </option>
          ))}
        </select>
      </label>
      <LabelFilter labels={view.labels} onLabels={(labels) => router.go({ ...view, labels })} />
    </search>
  );
}

function orderOf(text: string): Order {
  return orders.find((order) => order === text) ?? "trouble";
}
