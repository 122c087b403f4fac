/**
 * `npm run check`: everything that can be said about the code without running it, in seconds and without a database. The
 * checks run side by side; only what is wrong is printed.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const node = process.execPath;
const checks: readonly Check[] = [
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "types of the pages", command: ["tsc", "-p", "packages/dashboard"] },
  { name: "lint", command: ["oxlint", "--type-aware", "--quiet"] },
  { name: "format", command: ["oxfmt", "--check"] },
  {
    name: "borders and documents",
    command: [
      node,
      "--test",
      "--test-reporter=dot",
      "--test-reporter-destination=stdout",
      "test/borders.test.ts",
      "test/docs.test.ts",
    ],
  },
  { name: "generated files", command: [node, "test/generate.ts", "--check"] },
];

const root = fileURLToPath(new URL("..", import.meta.url));
const begin = performance.now();
const waiting = [...checks];
let failed = 0;

await Promise.all(Array.from({ length: availableParallelism() }, work));
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
console.log(`${checks.length - failed} of ${checks.length} checks passed in ${seconds} s`);
process.exitCode = failed === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const { code, output } = await run(check);
    if (code === 0) continue;
    failed += 1;
    console.log(
      `--- ${check.name}: ${check.command.join(" ").replace(node, "node")}\n${output.trim()}\n`,
    );
  }
}

function run({
  command,
}: Check): Promise<{ readonly code: number | null; readonly output: string }> {
  const [program = "", ...args] = command;
  const path =
    program === node
      ? node
      : fileURLToPath(new URL(`../node_modules/.bin/${program}`, import.meta.url));
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(path, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", (error) => resolve({ code: 1, output: `${path}: ${error.message}` }));
    child.once("close", (code) => resolve({ code, output }));
  });
}
