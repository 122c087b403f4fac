/** Where people's changes to jobs go through: they are stored with their audit entry, then told to whoever looks. */
import type { AuditEntry } from "./model/access.ts";
import type { Clock } from "./model/clock.ts";
import type { Job, JobId, JobSettingsChange } from "./model/job.ts";

export interface JobDeskParts {
  readonly clock: Clock;
  readonly store: {
    changeJob(
      id: JobId,
      change: JobSettingsChange,
      version: number,
      audit: AuditEntry,
    ): Promise<"updated" | "version_mismatch" | "missing">;
    deleteJob(
      id: JobId,
      version: number,
      audit: AuditEntry,
    ): Promise<"deleted" | "version_mismatch" | "missing">;
  };
  readonly onChanged: (ids: readonly JobId[]) => void;
}

export class JobDesk {
  readonly #parts: JobDeskParts;

  constructor(parts: JobDeskParts) {
    this.#parts = parts;
  }

  /** Changes what people set of a job, if its version is still that of `job`. */
  async change(
    job: Job,
    change: JobSettingsChange,
    actor: string,
  ): Promise<"updated" | "version_mismatch" | "missing"> {
    const audit = this.#audit(job, "update", actor, change);
    const result = await this.#parts.store.changeJob(job.id, change, job.version, audit);
    if (result === "updated") this.#parts.onChanged([job.id]);
    return result;
  }

  /** Deletes a job with its runs and series, if its version is still that of `job`. */
  async remove(job: Job, actor: string): Promise<"deleted" | "version_mismatch" | "missing"> {
    const { siteId: site, appName: app, type, name } = job;
    const audit = this.#audit(job, "delete", actor, { site, app, type, name });
    const result = await this.#parts.store.deleteJob(job.id, job.version, audit);
    if (result === "deleted") this.#parts.onChanged([job.id]);
    return result;
  }

  #audit({ id }: Job, action: string, actor: string, detail: unknown): AuditEntry {
    return { at: this.#parts.clock.now(), actor, action, resource: "job", resourceId: id, detail };
  }
}
