/**
 * The one time limit of a check. Whatever a check waits for, it waits under its deadline, which calls the wait off when
 * the time is up or the check is no longer wanted. So nothing in a check needs a timer of its own, and a target that
 * trickles gains no time.
 */
import type { Clock } from "../model/clock.ts";
import type { ProbeContext } from "../model/check-kind.ts";
import { abortedFault, timeoutFault, type Fault } from "./fault.ts";

/** Something to get ready a little before the limit passes. */
export interface Preparation {
  /** 0: nothing to prepare. */
  readonly prepareMs: number;
  prepare(): void;
}

/** Ends a wait: closes what was opened for it and passes the fault on. */
type CallOff = (fault: Fault) => void;

export class Deadline implements Disposable {
  /** When the check began, monotonic ms. */
  readonly startedMs: number;
  readonly limitMs: number;
  /** The address the check talks to, once it is known. */
  about: string | null = null;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout;
  #doing = "the check";
  #callOff: CallOff | null = null;
  #fault: Fault | null = null;

  constructor(clock: Clock, context: ProbeContext, preparation?: Preparation) {
    this.#clock = clock;
    this.#signal = context.signal;
    this.limitMs = context.timeoutMs;
    this.startedMs = clock.monotonicMs();
    const prepareMs = Math.min(preparation?.prepareMs ?? 0, context.timeoutMs / 2);
    if (preparation !== undefined && prepareMs > 0) {
      this.#timer = setTimeout(() => {
        preparation.prepare();
        this.#timer = setTimeout(this.#expire, Math.max(0, this.remainingMs()));
      }, context.timeoutMs - prepareMs);
    } else {
      this.#timer = setTimeout(this.#expire, context.timeoutMs);
    }
    if (this.#signal.aborted) this.#fault = abortedFault;
    else this.#signal.addEventListener("abort", this.#abort);
  }

  /** Time since the check began, in ms. */
  elapsedMs(): number {
    return this.#clock.monotonicMs() - this.startedMs;
  }

  /** Time left, in ms; never negative. */
  remainingMs(): number {
    return Math.max(0, this.limitMs - this.elapsedMs());
  }

  /** The fault that ended the check's time, null while there is time. */
  fault(): Fault | null {
    return this.#fault;
  }

  /** Says what is waited for now and how to call it off. One wait at a time; called off at once when time is up. */
  wait(doing: string, callOff: CallOff): void {
    if (this.#fault !== null) {
      callOff(this.#fault);
      return;
    }
    this.#doing = doing;
    this.#callOff = callOff;
  }

  /** The wait ended by itself. */
  waited(): void {
    this.#callOff = null;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#abort);
    this.#callOff = null;
  }

  readonly #expire = (): void => this.#end(timeoutFault(this.#doing, this.limitMs));
  readonly #abort = (): void => this.#end(abortedFault);

  #end(fault: Fault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    const callOff = this.#callOff;
    this.#callOff = null;
    callOff?.(fault);
  }
}
