/** Hears what a peer says until an expectation is met. Keeps no more than `mostHeard` bytes. */
import type { Socket } from "node:net";
import type { Deadline } from "./deadline.ts";
import { faultOf, faultOfError, type Fault } from "./fault.ts";

/** What is waited for. */
export interface Expectation {
  /** In words, for messages. */
  readonly says: string;
  /** Where what was expected ends in what was heard, −1 while it is not there. */
  endIn(heard: Buffer): number;
}

/** The most that is heard for one expectation, in bytes. */
export const mostHeard = 16_384;

/** Looks at what was heard no more often than this, so that a trickle costs little. */
const lookEveryMs = 5;

export class Listener {
  heard: Buffer = Buffer.alloc(0);
  /** What ended the connection, when it ended. */
  fault: Fault | null = null;
  #changed: () => void = () => {};

  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      // One byte more than allowed says that there was too much.
      const room = mostHeard + 1 - this.heard.length;
      this.heard = Buffer.concat([this.heard, bytes.subarray(0, room)]);
      this.#changed();
    });
    const ended = (fault: Fault): void => {
      this.fault ??= fault;
      this.#changed();
    };
    socket.on("error", (error) => ended(faultOfError(error, "read")));
    socket.on("end", () => ended(faultOf("reset", "the connection was closed", "stall")));
    socket.on("close", () => ended(faultOf("reset", "the connection was closed", "stall")));
  }

  /** Says something; null when it has left this process. */
  say(bytes: Buffer, deadline: Deadline): Promise<Fault | null> {
    return new Promise((resolve) => {
      const settle = (fault: Fault | null): void => {
        deadline.waited();
        resolve(fault);
      };
      deadline.wait("send", settle);
      this.#socket.write(bytes, (error) => {
        settle(error == null ? null : faultOfError(error, "send"));
      });
    });
  }

  /** Waits until the expectation is met and uses up what met it; null when it was. */
  hear(expectation: Expectation, deadline: Deadline): Promise<Fault | null> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (fault: Fault | null): void => {
        clearTimeout(timer);
        this.#changed = () => {};
        deadline.waited();
        resolve(fault);
      };
      const look = (): void => {
        timer = undefined;
        const end = expectation.endIn(this.heard);
        if (end !== -1) {
          this.heard = this.heard.subarray(end);
          settle(null);
        } else if (this.heard.length > mostHeard) {
          settle(
            faultOf("too_large", `${expectation.says} is not in the first ${mostHeard} bytes`),
          );
        } else if (this.fault !== null) {
          settle({
            ...this.fault,
            message: `${this.fault.message} before ${expectation.says} came`,
          });
        }
      };
      this.#changed = () => {
        if (this.fault !== null) look();
        else timer ??= setTimeout(look, lookEveryMs);
      };
      deadline.wait(`wait for ${expectation.says}`, settle);
      if (deadline.fault() === null) look();
    });
  }
}
