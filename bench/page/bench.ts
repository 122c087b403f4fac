/**
 * What a browser fetches before the first page is drawn: every script and style sheet `index.html` names, and every
 * chunk those import without being asked, gzipped as a server would send them.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { buildIfStale } from "../../packages/dashboard/build-if-stale.ts";
import { distDir } from "../../packages/dashboard/stamp.ts";
import type { BenchReport } from "../report.ts";

/** Builds the pages where they are stale, and weighs the first one. */
export async function run(): Promise<BenchReport> {
  await buildIfStale();
  const html = readFileSync(join(distDir, "index.html"), "utf8");
  const files = new Set<string>();
  for (const [, file] of html.matchAll(/(?:src|href)="\/dashboard\/([^"]+\.(?:js|css))"/g)) {
    if (file !== undefined) collect(file, files);
  }
  const weigh = (kind: string): number =>
    [...files]
      .filter((file) => file.endsWith(kind))
      .reduce(
        (sum, file) => sum + gzipSync(readFileSync(join(distDir, file)), { level: 9 }).length,
        0,
      );
  const scripts = weigh(".js");
  const styles = weigh(".css");
  return {
    name: "page",
    rows: [
      {
        what: "first page, JavaScript and CSS, gzip",
        value: (scripts + styles) / 1000,
        unit: "kB",
        budget: 100,
        atMost: true,
        peer: { name: "Uptime Kuma 2.5.3", value: 666 },
      },
      { what: "of it JavaScript", value: scripts / 1000, unit: "kB", budget: null, atMost: true },
      { what: "of it CSS", value: styles / 1000, unit: "kB", budget: null, atMost: true },
      { what: "files", value: files.size, unit: "", budget: null, atMost: true },
    ],
    notes: [
      "Charts and forms are fetched when they are opened.",
      "The peer's figure was measured in a browser: its first load over 13 requests.",
    ],
  };
}

/** Adds a file and what it imports statically. */
function collect(file: string, files: Set<string>): void {
  if (files.has(file)) return;
  files.add(file);
  if (!file.endsWith(".js")) return;
  const code = readFileSync(join(distDir, file), "utf8");
  for (const [, path] of code.matchAll(/(?:from|import)\s*"(\.{1,2}\/[^"]+\.js)"/g)) {
    if (path !== undefined) collect(posix.join(posix.dirname(file), path), files);
  }
}
