/**
 * Runs one of the system's own programs and gives its output: macOS has no files to read instead. No shell; by its full
 * path, in the language the parsers know, within a time limit and a bound for what it writes.
 */

/**
 * Output of a program; undefined where there is no such program. Fails when it did not end in time, wrote too much, or
 * failed without output: `sysctl` shows what it knows and complains of the rest.
 */
export type RunProgram = (path: string, args: readonly string[]) => Promise<string | undefined>;

export interface RunLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Makes a runner. What runs when its time is over is killed. */
export function createRunProgram({ timeoutMs, maxBytes }: RunLimits): RunProgram {
  return async (path, args) => {
    // Loaded here and not above: on Linux nothing is ever run.
    const { execFile } = await import("node:child_process");
    return await new Promise((resolve, reject) => {
      const options = {
        timeout: timeoutMs,
        maxBuffer: maxBytes,
        killSignal: "SIGKILL",
        encoding: "utf8",
        env: { LC_ALL: "C", PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
      } as const;
      execFile(path, [...args], options, (error, output) => {
        if (error === null) resolve(output);
        else if (error.code === "ENOENT") resolve(undefined);
        else if (error.killed === true) reject(faultOf(path, `did not end in ${timeoutMs} ms`));
        else if (typeof error.code === "number" && output !== "") resolve(output);
        else reject(faultOf(path, `failed with ${error.code ?? error.signal}`));
      });
    });
  };
}

/** The runner the collectors use. */
export const runProgram: RunProgram = createRunProgram({ timeoutMs: 5_000, maxBytes: 4_194_304 });

function faultOf(path: string, what: string): Error {
  return new Error(`${path} ${what}`);
}
