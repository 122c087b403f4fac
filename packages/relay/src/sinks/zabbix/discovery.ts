/**
 * Low-level discovery: lists of the jobs, metrics, monitors, hosts and figures that were seen since the start, sent as a
 * whole to the rule's key whenever something is new, and again every hour, after values were refused for a lack of items, and
 * when the rule itself was refused (it may have been made since).
 *
 * After a restart the lists begin anew. Zabbix keeps what is no longer in a list as long as its rule says ("keep lost
 * resources period", 30 days unless it is changed), and goes on taking values for it.
 */
import { discoveryRules, type Discovered, type DiscoveryRule } from "./values.ts";

/** Entries of one rule; what is above is not announced. */
export const mostDiscovered = 10_000;

const againMs = 3_600_000;
const soonMs = 30_000;

interface List {
  readonly entries: Map<string, Discovered["macros"]>;
  state: "new" | "taken" | "refused";
  sentMs: number;
  isWanted: boolean;
}

export interface Announcement {
  readonly rule: DiscoveryRule;
  readonly key: string;
  /** JSON, as rules of low-level discovery take it. */
  readonly value: string;
}

export interface Discovery {
  /** Takes note of something; false when there is no room for it. */
  note(discovered: Discovered): boolean;
  /** What is to be sent now. `nowMs` is monotonic. */
  due(nowMs: number): readonly Announcement[];
  /** Every list, due or not. */
  all(): readonly Announcement[];
  /** What became of a list; `entries`: how many it had. */
  answered(rule: DiscoveryRule, isTaken: boolean, nowMs: number): void;
  /** Items of it are missing: it is sent again soon. */
  want(rule: DiscoveryRule): void;
  /** By key: whether the server took the list. */
  states(): Readonly<Record<string, "new" | "taken" | "refused">>;
}

/** Makes empty lists. */
export function createDiscovery(): Discovery {
  const lists = new Map<DiscoveryRule, List>();

  function announcementOf([rule, list]: readonly [DiscoveryRule, List]): Announcement {
    const value = JSON.stringify([...list.entries.values()]);
    return { rule, key: discoveryRules[rule], value };
  }

  return {
    note({ rule, id, macros }) {
      let list = lists.get(rule);
      if (list === undefined) {
        list = { entries: new Map(), state: "new", sentMs: -Infinity, isWanted: true };
        lists.set(rule, list);
      }
      if (list.entries.has(id)) return true;
      if (list.entries.size >= mostDiscovered) return false;
      list.entries.set(id, macros);
      list.sentMs = -Infinity;
      list.isWanted = true;
      return true;
    },
    due: (nowMs) => [...lists].filter(([, list]) => isDue(list, nowMs)).map(announcementOf),
    all: () => [...lists].map(announcementOf),
    answered(rule, isTaken, nowMs) {
      const list = lists.get(rule);
      if (list === undefined) return;
      list.state = isTaken ? "taken" : "refused";
      list.isWanted = !isTaken;
      list.sentMs = nowMs;
    },
    want(rule) {
      const list = lists.get(rule);
      if (list !== undefined) list.isWanted = true;
    },
    states: () =>
      Object.fromEntries([...lists].map(([rule, { state }]) => [discoveryRules[rule], state])),
  };
}

function isDue({ isWanted, sentMs }: List, nowMs: number): boolean {
  return nowMs - sentMs >= (isWanted ? soonMs : againMs);
}
