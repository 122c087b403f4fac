/**
 * Writes the files that are made of code: `node test/generate.ts`. With `--check` nothing is written; it ends with 1 and
 * names the files that are not as they would be made.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configPage, editorSchema, envExample } from "../packages/hub/src/config/document.ts";

const generated: Readonly<Record<string, () => string>> = {
  "docs/CONFIG.md": configPage,
  "docs/belfry.schema.json": editorSchema,
  ".env.example": envExample,
};

const oxfmt = fileURLToPath(new URL("../node_modules/.bin/oxfmt", import.meta.url));
const isCheck = process.argv.includes("--check");
for (const [path, make] of Object.entries(generated)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const text = formatted(path, make());
  if (!isCheck) writeFileSync(file, text);
  else if (readOrNothing(file) !== text) {
    console.error(`${path} is not as it is generated: run node test/generate.ts`);
    process.exitCode = 1;
  }
}

/** As the formatter would leave it, so that both checks agree. */
function formatted(path: string, text: string): string {
  if (!/\.(md|json|ya?ml)$/.test(path)) return text;
  return execFileSync(oxfmt, [`--stdin-filepath=${path}`], { input: text, encoding: "utf8" });
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
