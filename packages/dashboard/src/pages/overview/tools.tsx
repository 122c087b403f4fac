/** Search, filters and order. All of it lives in the address. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { CheckKindView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";
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
  const kinds = useSignal<readonly CheckKindView[]>([]);
  useEffect(() => {
    void client.checkKinds().then((reply) => {
      if (reply.kind === "ok") kinds.value = reply.value.items;
    });
  }, [client, kinds]);
  return (
    <search class="tools">
      <SearchField view={view} onEnter={onEnter} />
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
      <input
        class="tools-label"
        aria-label="Filter by label"
        placeholder="label:value"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={(event) => {
          const label = event.currentTarget.value.trim();
          if (event.key !== "Enter" || label === "") return;
          event.currentTarget.value = "";
          if (!view.labels.includes(label)) router.go({ ...view, labels: [...view.labels, label] });
        }}
      />
      {view.labels.map((label) => (
        <button
          key={label}
          type="button"
          class="chip chip-on"
          aria-label={`Without label ${label}`}
          onClick={() => router.go({ ...view, labels: view.labels.filter((one) => one !== label) })}
        >
          {label}
          <Icon name="close" />
        </button>
      ))}
    </search>
  );
}

function SearchField({ view, onEnter }: ToolsProps) {
  const { router } = useParts();
  const text = useSignal(view.q);
  useSignalEffect(() => {
    // Back and forward change the search as well; a space just typed at its end is no change.
    const { value: now } = router.view;
    if (now.page === "overview" && now.q !== text.peek().trim()) text.value = now.q;
  });
  const search = (q: string): void => {
    text.value = q;
    router.replace({ ...view, q: q.trim() });
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        placeholder="Search names and addresses"
        aria-label="Search monitors"
        aria-keyshortcuts="/"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={text}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (text.value === "") event.currentTarget.blur();
            else search("");
            event.preventDefault();
          }
          if (event.key === "ArrowDown" || event.key === "Enter") {
            onEnter();
            event.preventDefault();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function orderOf(text: string): Order {
  return orders.find((order) => order === text) ?? "trouble";
}
