/**
 * A process that can end at any point of its way to the outside. Everything that it asks of the store or of a provider goes
 * through `call` or `at`, and each of these is a point: before the store does something, after it did and before the process
 * learns of it, and the steps of a request. A process that was killed at a point does nothing more: what it waits for never
 * comes, and what the store was doing for it is finished, as by a database that still has the statement.
 */
import { setImmediate as turn } from "node:timers/promises";
import { AppError } from "../../model/error.ts";
import { toAppError } from "../../store/failure.ts";
import type { Store } from "../../store/port.ts";

/** What the store does instead of what it is asked; `name` is the operation. */
export type StoreFault = (name: string) => Promise<void>;

export interface VictimPlan {
  /** The point at which something happens, counted from 0; null: none. */
  readonly point: number | null;
  /** `kill`: the process ends there. `fail`: the call fails, or its answer gets lost. */
  readonly how: "kill" | "fail";
  /** Asked before each call of the store. */
  readonly fault: StoreFault;
}

export class Victim {
  /** The points it passed, in order. */
  readonly points: string[] = [];
  isDead = false;
  /** What it planned happened. */
  isHit = false;
  readonly #plan: VictimPlan;
  #running = 0;
  #begun = 0;
  #drained = Promise.withResolvers<void>();

  constructor(plan: VictimPlan) {
    this.#plan = plan;
  }

  /** Passes a point that is no call of the store; false: the process ended there. */
  at(name: string): boolean {
    if (this.isDead) return false;
    const isPlanned = this.points.length === this.#plan.point;
    this.points.push(name);
    if (!isPlanned || this.#plan.how === "fail") return true;
    this.isHit = true;
    this.isDead = true;
    return false;
  }

  /** Runs something that others wait for: nothing passes time meanwhile. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    this.#begun += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        this.#drained.resolve();
        this.#drained = Promise.withResolvers();
      }
    }
  }

  /** Resolves when the process waits for time alone, or is dead and the store has finished. */
  async quiet(): Promise<void> {
    for (let seen = -1; seen !== this.#begun || this.#running > 0;) {
      seen = this.#begun;
      if (this.#running > 0) await this.#drained.promise;
      await turn();
      await turn();
    }
  }

  /** The store as this process has it. */
  wrap(store: Store): Store {
    return new Proxy(store, {
      get: (target, name, receiver): unknown => {
        const found: unknown = Reflect.get(target, name, receiver);
        if (typeof found !== "function" || typeof name !== "string") return found;
        return (...args: readonly unknown[]) =>
          this.#call(name, () => Promise.resolve(Reflect.apply(found, target, args)));
      },
    });
  }

  async #call(name: string, work: () => Promise<unknown>): Promise<unknown> {
    const answer = await this.#answerOf(name, work);
    return this.isDead ? await never : answer();
  }

  /** Gives the answer, or throws what the process is told; not counted any more when the process learns of it. */
  async #answerOf(name: string, work: () => Promise<unknown>): Promise<() => unknown> {
    if (!this.#pass(`${name}: before`)) return lost;
    try {
      await this.#plan.fault(name);
    } catch (error) {
      return thrown(error);
    }
    if (this.isDead) return lost;
    return await this.run(async () => {
      try {
        const value = await work();
        return this.#pass(`${name}: after`) ? () => value : lost;
      } catch (error) {
        return thrown(error);
      }
    });
  }

  #pass(name: string): boolean {
    const isPlanned = this.points.length === this.#plan.point;
    if (!this.at(name)) return false;
    if (isPlanned) this.isHit = true;
    return !isPlanned;
  }
}

/** What a process that is gone waits for. */
const never = new Promise<never>(() => undefined);

function thrown(error: unknown): () => never {
  return () => {
    throw error;
  };
}

const lost = thrown(new AppError("unavailable", "the connection to the database failed"));

/** A fault that is none. */
export const noFault: StoreFault = () => Promise.resolve();

/** Operations that only read: a disk that is full, or a writer that is busy, keeps nobody from them. */
const readOnly =
  /^(pending|open|alert(Policy|Setting)|alertingState|incident|notice|recent|load|read|status|ping|audit)/;

/** Errors as the drivers make them. */
const driverErrors = {
  sqlite: {
    busy: sqliteError(5, "database is locked"),
    full: sqliteError(13, "database or disk is full"),
    gone: sqliteError(14, "unable to open database file"),
  },
  postgres: {
    busy: postgresError("55P03", "canceling statement due to lock timeout"),
    full: postgresError("53100", "could not extend file: No space left on device"),
    gone: Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), { code: "ECONNREFUSED" }),
  },
} as const;

/** A store that refuses while `isOn`: reads as well where it is `gone`. */
export function refusing(
  engine: Store["engine"],
  what: "busy" | "full" | "gone",
  isOn: () => boolean,
): StoreFault {
  const error = toAppError(driverErrors[engine][what]);
  return (name) =>
    isOn() && (what === "gone" || !readOnly.test(name)) ? Promise.reject(error) : Promise.resolve();
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
}

function postgresError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, severity: "ERROR" });
}
