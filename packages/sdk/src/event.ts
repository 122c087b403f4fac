/**
 * The event as it travels (dialect A of the Monitoring Component, `packages/contract/src/job-event.ts`), written out
 * here once more because this package depends on nothing. `event.test.ts` holds the two together.
 */

export type EventKind =
  | "started"
  | "progress"
  | "metric"
  | "event"
  | "heartbeat"
  | "finished"
  | "error"
  | "canceled";

export type RunStatus = "running" | "succeeded" | "failed" | "canceled";

/** What is not text, number, boolean or a plain object of them is sent as `JSON.stringify` writes it. */
export type Metadata = Readonly<Record<string, unknown>>;

/** W3C trace context: 32 and 16 hexadecimal digits. */
export interface Trace {
  readonly trace_id: string;
  readonly span_id: string;
}

export interface AppFields {
  readonly app_id: string | null;
  readonly name: string;
  readonly version: string | null;
}

export interface EntityFields {
  readonly type: string;
  readonly id: string;
  readonly parent_id: string | null;
  readonly business_key: string | null;
  readonly sub_key: string | null;
}

export interface JobEvent {
  readonly idempotency_key: string;
  readonly site_id: string;
  readonly app: AppFields;
  readonly entity: EntityFields;
  readonly event: {
    readonly kind: EventKind;
    /** RFC 3339, UTC. */
    readonly at: string;
    readonly status: RunStatus | null;
    readonly metrics: Readonly<Record<string, number>>;
    readonly metadata: Metadata;
  };
  readonly trace: Trace;
}

/** The application a run belongs to. */
export class AppRef implements AppFields {
  readonly app_id: string | null;
  readonly name: string;
  readonly version: string | null;

  constructor(app_id: string | null, name: string, version: string | null = null) {
    this.app_id = app_id;
    this.name = name;
    this.version = version;
  }
}

/** The run itself: `id` is the run's, `business_key` the name of the job. */
export class EntityRef implements EntityFields {
  readonly type: string;
  readonly id: string;
  readonly parent_id: string | null;
  readonly business_key: string | null;
  readonly sub_key: string | null;

  constructor(fields: EntityFields) {
    this.type = fields.type;
    this.id = fields.id;
    this.parent_id = fields.parent_id;
    this.business_key = fields.business_key;
    this.sub_key = fields.sub_key;
  }

  /** The same as `id`. */
  get entity_id(): string {
    return this.id;
  }
}

/**
 * Where events go. `send` is called in the middle of someone's job: it keeps or drops the event and returns at once;
 * it neither waits nor throws. What it throws nevertheless is caught and ignored.
 */
export interface Emitter {
  send(event: JobEvent): void;
  /** Resolves with true once everything sent so far was handed over, with false when that took longer. Never rejects. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Flushes, then lets go of files and connections. Never rejects. */
  close(): Promise<void>;
}
