/** A program that `launch` starts. */
export interface Program {
  /** Before the colon of its messages. */
  readonly name: string;
  /** Options of Node. */
  readonly flags: readonly string[];
  /** Path of its main file. */
  readonly main: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the path of the Node that was found, and the environment, before the program starts. */
  readonly prepare?: (runtime: string, env: Readonly<Record<string, string | undefined>>) => void;
}

export function launch(program: Program): void;

export function refusalFor(architecture: string): string | undefined;
