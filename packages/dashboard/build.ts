/**
 * Builds the pages into `packages/dashboard/dist`. Everything is a file of its own under `assets/`, named by its
 * content, so that the hub can serve it with `default-src 'self'` and let browsers keep it for ever; `index.html` alone
 * is asked for anew. The build happens beside the old one and takes its place at the end.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, transformWithOxc, type Plugin } from "vite";
import { distDir, sourceDir, stampPath, stampOf } from "./stamp.ts";

/** Builds the pages and stamps them with the hash of their sources. */
export async function buildDashboard(outDir: string = distDir): Promise<void> {
  const stamp = stampOf();
  const fresh = `${outDir}.${process.pid}`;
  await mkdir(dirname(outDir), { recursive: true });
  try {
    await build({
      configFile: false,
      root: sourceDir,
      base: "/dashboard/",
      logLevel: "warn",
      publicDir: false,
      plugins: [themeScript()],
      oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      build: {
        outDir: fresh,
        emptyOutDir: true,
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        target: ["chrome123", "firefox121", "safari17.5"],
        cssTarget: ["chrome123", "firefox121", "safari17.5"],
      },
    });
    await compress(fresh);
    await writeFile(stampPath(fresh), stamp);
    await rm(outDir, { recursive: true, force: true });
    await rename(fresh, outDir);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Puts a packed copy beside each file that is worth it: the hub sends those and packs nothing itself. */
async function compress(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => /\.(?:css|html|js|svg)$/.test(name))) {
    const path = join(folder, file);
    const bytes = await readFile(path);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    await writeFile(`${path}.br`, brotliCompressSync(bytes, quality));
    await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

/**
 * Puts `src/shell/theme-boot.ts` before everything else, as a script that blocks: the chosen theme is set before the
 * first paint. A module would run too late and an inline script would need a hole in the content policy.
 */
function themeScript(): Plugin {
  const source = join(sourceDir, "src/shell/theme-boot.ts");
  let reference: string | undefined;
  return {
    name: "belfry-theme-script",
    apply: "build",
    async buildStart() {
      const { code } = await transformWithOxc(await readFile(source, "utf8"), source, {
        sourcemap: false,
      });
      reference = this.emitFile({ type: "asset", name: "theme.js", source: code });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const file = Object.values(context.bundle ?? {}).find(
          (one) => one.type === "asset" && one.names.includes("theme.js"),
        )?.fileName;
        if (reference === undefined || file === undefined) throw new Error("no theme script");
        return [
          {
            tag: "script",
            attrs: { src: `/dashboard/${file}` },
            injectTo: "head-prepend" as const,
          },
        ];
      },
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDashboard();
  console.log("dashboard: built");
}
