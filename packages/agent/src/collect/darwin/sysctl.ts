/** Output of `sysctl name…`: lines of `name: value`. What the machine does not know has no line. */

/** Values by name. A value that spans lines is its first line. */
export function parseSysctl(output: string): ReadonlyMap<string, string> {
  return new Map(
    output.split("\n").flatMap((line) => {
      const [, name, value] = /^([a-z][\w.]*): ?(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.trim()] as const];
    }),
  );
}
