/** What the intake counts: requests by route, and how long they took. Routes are a fixed list, so labels are bounded. */

export const durationBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export interface RouteCounts {
  readonly method: string;
  readonly endpoint: string;
  /** Requests per HTTP status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** How many took at most each of `durationBounds`, s; not cumulated. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

/** Connections and clients. */
export interface CrowdCounts {
  /** Connections that are open. */
  readonly open: number;
  /** Connections closed because there were too many. */
  readonly dropped: number;
  /** Requests refused because their client sent too much. */
  readonly limited: number;
}

export type EventOutcome = "taken" | "refused" | "unstored";

interface Route {
  readonly method: string;
  readonly endpoint: string;
  readonly statuses: Map<number, number>;
  readonly buckets: number[];
  count: number;
  sumSeconds: number;
}

/** See the top of the file. */
export class IntakeCounts {
  /** By endpoint, then by method: a key made of both would be made anew for every request. */
  readonly #routes = new Map<string, Map<string, Route>>();
  #open = 0;
  #dropped = 0;
  #limited = 0;
  readonly #events: Record<EventOutcome, number> = { taken: 0, refused: 0, unstored: 0 };

  /** `endpoint`: a path of ours, or `other`. */
  request(method: string, endpoint: string, status: number, seconds: number): void {
    const route = this.#routeOf(method, endpoint);
    route.statuses.set(status, (route.statuses.get(status) ?? 0) + 1);
    let at = 0;
    while (at < durationBounds.length && seconds > (durationBounds[at] ?? Infinity)) at += 1;
    if (at < durationBounds.length) route.buckets[at] = (route.buckets[at] ?? 0) + 1;
    route.count += 1;
    route.sumSeconds += seconds;
  }

  #routeOf(method: string, endpoint: string): Route {
    let methods = this.#routes.get(endpoint);
    if (methods === undefined) {
      methods = new Map();
      this.#routes.set(endpoint, methods);
    }
    let route = methods.get(method);
    if (route === undefined) {
      const buckets = durationBounds.map(() => 0);
      route = { method, endpoint, statuses: new Map(), buckets, count: 0, sumSeconds: 0 };
      methods.set(method, route);
    }
    return route;
  }

  /** How many connections there are now. */
  connections(open: number): void {
    this.#open = open;
  }

  /** One was closed because there were too many. */
  connectionDropped(): void {
    this.#dropped += 1;
  }

  /** A request was refused because its client sends too much. */
  limited(): void {
    this.#limited += 1;
  }

  crowd(): CrowdCounts {
    return { open: this.#open, dropped: this.#dropped, limited: this.#limited };
  }

  events(outcome: EventOutcome, count: number): void {
    this.#events[outcome] += count;
  }

  routes(): readonly RouteCounts[] {
    return [...this.#routes.values()].flatMap((methods) => [...methods.values()]);
  }

  eventCounts(): Readonly<Record<EventOutcome, number>> {
    return { ...this.#events };
  }
}
