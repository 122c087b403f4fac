/** Builds the pages where the build is missing or was made from other sources; `npm start` runs it first. */
import { fileURLToPath } from "node:url";
import { distDir, readStamp, stampOf } from "./stamp.ts";

/** Answers `built` after a build, `fresh` when there was nothing to do. The bundler is loaded only for a build. */
export async function buildIfStale(outDir: string = distDir): Promise<"built" | "fresh"> {
  if (readStamp(outDir) === stampOf()) return "fresh";
  const { buildDashboard } = await import("./build.ts");
  await buildDashboard(outDir);
  return "built";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedAt = performance.now();
  const result = await buildIfStale();
  const took = Math.round(performance.now() - startedAt);
  console.log(result === "fresh" ? "dashboard: up to date" : `dashboard: built in ${took} ms`);
}
