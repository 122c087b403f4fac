/** The Python SDK's way of saying it, for those who come from there: `Monitored` with its field names. */
import type { AppFields, Emitter, EntityRef, Metadata } from "./event.ts";
import type { Progress, Run } from "./run.ts";
import { startRun, within, type RunOptions } from "./start.ts";

export interface MonitoredFields {
  readonly site_id?: string;
  readonly app?: string | (Partial<AppFields> & { readonly name: string });
  /** `job` or `subjob`. */
  readonly entity_type?: string;
  /** Name of the job. */
  readonly business_key: string;
  readonly sub_key?: string;
  readonly parent_id?: string | null;
  readonly emitter?: Emitter;
  readonly metadata?: Metadata;
}

/**
 * A run that begins when the object is made. `await new Monitored({…}).run(async (mon) => …)` is Python's `with` block;
 * `await using mon = new Monitored({…})` needs `mon.complete()` as its last line.
 */
export class Monitored {
  readonly #run: Run;

  constructor(fields: MonitoredFields) {
    this.#run = startRun(optionsOf(fields));
  }

  get entity(): EntityRef {
    return this.#run.entity;
  }

  /** The same as `entity`. */
  get entity_ref(): EntityRef {
    return this.#run.entity;
  }

  get entity_id(): string {
    return this.#run.id;
  }

  /** The most memory seen so far, in MiB. */
  get mem_max_mb(): number {
    return this.#run.memMaxMb;
  }

  /** Calls the block; the run succeeds or fails with it. Returns its value, rejects with its error, the same object. */
  async run<T>(block: (monitored: Monitored) => T | PromiseLike<T>): Promise<T> {
    try {
      const value = await within(this.#run, () => block(this));
      this.#run.finish();
      return value;
    } catch (error) {
      this.#run.fail(error);
      throw error;
    }
  }

  tick(extra_meta?: Metadata): void {
    this.#run.tick(extra_meta);
  }

  progress(progress: number | Progress): void {
    this.#run.progress(progress);
  }

  complete(): void {
    this.#run.complete();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#run[Symbol.dispose]();
  }
}

function optionsOf(fields: MonitoredFields): RunOptions {
  try {
    const { site_id, app, entity_type, business_key, sub_key, parent_id, emitter, metadata } =
      fields;
    return {
      job: business_key,
      ...(site_id === undefined ? {} : { site: site_id }),
      ...(app === undefined ? {} : { app }),
      ...(entity_type === undefined ? {} : { type: entity_type }),
      ...(sub_key === undefined ? {} : { subKey: sub_key }),
      ...(parent_id === undefined ? {} : { parent: parent_id }),
      ...(emitter === undefined ? {} : { emitter }),
      ...(metadata === undefined ? {} : { metadata }),
    };
  } catch {
    return { job: "unnamed" };
  }
}
