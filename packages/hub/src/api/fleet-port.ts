/** The port of the fleet. */
import type { FleetProcess, Member, ProcessFigures } from "../model/fleet.ts";

/** The processes that share the database. */
export interface FleetReads {
  /** This process; undefined where it is alone on its database. */
  readonly process: FleetProcess | undefined;
  /** Empty where it is alone. */
  members(): Promise<readonly Member[]>;
}

/** What a process that is alone tells of itself. */
export interface OwnProcess {
  /** Its machine and its process number. */
  readonly name: string;
  readonly location: string;
  /** Epoch ms. */
  readonly startedAt: number;
  figures(): ProcessFigures;
}
