/** Metrics of Belfry's own troubles. */
import { Gauge, type Registry } from "prom-client";
import { ownTroubleKinds } from "./own-trouble-kinds.ts";

export interface OwnMetricSources {
  /** Rules that ring now. */
  readonly own: { readonly ringing: readonly string[] };
  readonly keeper: { readonly waiting: number };
  /** Since when it is gone, epoch ms; null: it is there. */
  readonly network: { readonly goneSince: number | null };
}

/** Adds the metrics; they are read at each scrape. */
export function addOwnMetrics(
  registry: Registry,
  { own, keeper, network }: OwnMetricSources,
): void {
  const registers = [registry];
  new Gauge({
    name: "belfry_own_trouble",
    help: "1 while one of Belfry's own troubles rings",
    labelNames: ["rule"],
    registers,
    collect() {
      const ringing = new Set(own.ringing);
      for (const { rule } of ownTroubleKinds) this.set({ rule }, ringing.has(rule) ? 1 : 0);
    },
  });
  new Gauge({
    name: "belfry_own_network_up",
    help: "0 while Belfry's own network is gone",
    registers,
    collect() {
      this.set(network.goneSince === null ? 1 : 0);
    },
  });
  new Gauge({
    name: "belfry_own_signals_waiting",
    help: "Signals of what Belfry noticed that wait for the store",
    registers,
    collect() {
      this.set(keeper.waiting);
    },
  });
}
