/** Tables of what processes on one PostgreSQL tell each other of the moment; see `tables.ts`. A copy leaves them out. */

/** `holds` and `figures` are JSON. Times are the database's. */
export interface ProcessTable {
  id: string;
  kind: string;
  name: string;
  location: string;
  version: string;
  url: string | null;
  holds: string;
  joined_at: number;
  seen_at: number;
  until: number;
  lapsed_at: number | null;
  left_at: number | null;
  figures: string;
}

/** A share; `freed_at` is kept while somebody holds it. */
export interface LeaseTable {
  name: string;
  kind: string;
  holder: string | null;
  freed_at: number | null;
}

/** A monitor as it was last checked: a `Shown` as JSON. `changed_in`: see `operations/changed-in.ts`. */
export interface MonitorNowTable {
  monitor_id: string;
  checked_at: number;
  changed_in: number;
  body: string;
}

/** When a monitor that is waited for was heard; `shown` is JSON: what other hubs show of a host. */
export interface HeardTable {
  monitor_id: string;
  at: number;
  changed_in: number;
  shown: string | null;
}

/** A list of series that one hub knows and another was asked to; `series` is JSON. */
export interface SeriesListTable {
  hash: string;
  series: string;
  kept_at: number;
}

/** Somebody wants this monitor checked now. */
export interface CheckRequestTable {
  monitor_id: string;
  at: number;
}

/** What hubs counted together of one subject in one span of time, which ended at `ends_at`. */
export interface RequestCountTable {
  subject: string;
  ends_at: number;
  count: number;
}
