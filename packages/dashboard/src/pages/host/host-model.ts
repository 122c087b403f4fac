/** One host, kept live: its figures change with every sample, what else its agent knows is read again a little later. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { HostDetailView, HostView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import type { Live } from "../../live/stream.ts";
import { createSubject, type Subject } from "../../live/subject.ts";

export interface HostModel extends Subject<HostDetailView> {
  /** Counts the samples that were heard of: charts follow this. */
  readonly heard: ReadonlySignal<number>;
}

export interface HostModelParts {
  readonly client: Pick<Client, "host" | "uptime" | "incidents">;
  readonly live: Pick<Live, "listen" | "watchHosts">;
  /** Epoch ms. */
  readonly now: () => number;
}

/** What the agent knows beside figures is read by it no more often than this. */
const detailsEveryMs = 5000;
const incidentsAtOnce = 5;

/** Starts the model of one host. */
export function createHostModel(id: string, { client, live, now }: HostModelParts): HostModel {
  const heard = signal(0);
  let detailsTimer: ReturnType<typeof setTimeout> | undefined;
  live.watchHosts([id]);
  const subject = createSubject<HostDetailView>(id, {
    client,
    live,
    now,
    incidentsAtOnce,
    ask() {
      clearTimeout(detailsTimer);
      detailsTimer = undefined;
      return client.host(id);
    },
    onRefresh: () => (heard.value += 1),
  });
  const stopListening = live.listen({ hosts: take });

  function take(hosts: readonly HostView[]): void {
    const fresh = hosts.find((one) => one.id === id);
    const former = subject.view.value;
    if (fresh === undefined || former === null) return;
    subject.hear({ ...former, ...fresh });
    heard.value += 1;
    detailsTimer ??= setTimeout(() => subject.read(), detailsEveryMs);
  }

  return {
    ...subject,
    heard,
    [Symbol.dispose]() {
      subject[Symbol.dispose]();
      stopListening();
      clearTimeout(detailsTimer);
      live.watchHosts([]);
    },
  };
}
