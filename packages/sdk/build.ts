/**
 * `node packages/sdk/build.ts [folder]`: the SDK as it is published, into `packages/sdk/dist` unless told otherwise:
 * JavaScript and types as ES modules and as CommonJS, for Node 20 and newer. What is installed is this folder and
 * nothing else.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");

const forms = [
  { folder: "esm", type: "module", module: "esnext" },
  { folder: "cjs", type: "commonjs", module: "commonjs" },
] as const;

/** What can be imported: the path below the package's name, and the file. */
const entries = [
  { path: ".", name: "index" },
  { path: "./aws", name: "aws" },
  { path: "./otel", name: "otel" },
] as const;

/** Builds into an empty folder; throws with the compiler's words when that fails. */
export function buildSdk(outDir: string): void {
  rmSync(outDir, { recursive: true, force: true });
  for (const form of forms) {
    const folder = join(outDir, form.folder);
    mkdirSync(folder, { recursive: true });
    compile(folder, form.module);
    writeJson(join(folder, "package.json"), { type: form.type });
  }
  writeJson(join(outDir, "package.json"), manifest());
  copyFileSync(join(here, "README.md"), join(outDir, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(outDir, "LICENSE"));
}

function compile(folder: string, module: string): void {
  const settings = join(folder, "tsconfig.json");
  writeJson(settings, {
    compilerOptions: {
      target: "es2023",
      // `toWellFormed` and `Symbol.asyncDispose` are in Node 20, though younger than its ES2023.
      lib: ["esnext"],
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      module,
      moduleResolution: "bundler",
      rewriteRelativeImportExtensions: true,
      allowImportingTsExtensions: false,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: module === "esnext",
      strict: true,
      exactOptionalPropertyTypes: true,
      declaration: true,
      stripInternal: true,
      skipLibCheck: true,
      rootDir: join(here, "src"),
      outDir: folder,
    },
    files: entries.map(({ name }) => join(here, `src/${name}.ts`)),
  });
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const done = spawnSync(process.execPath, [compiler, "-p", settings], { encoding: "utf8" });
  rmSync(settings);
  if (done.status !== 0) throw new Error(`the SDK does not compile:\n${done.stdout}${done.stderr}`);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts")) rewriteTypes(join(folder, name));
  }
}

/** The compiler leaves `.ts` in the imports of types. */
function rewriteTypes(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replaceAll(/(from|import\()(\s*)"(\.[^"]*)\.ts"/g, '$1$2"$3.js"'));
}

function manifest(): object {
  const own = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as object;
  return {
    ...own,
    private: undefined,
    main: "./cjs/index.js",
    types: "./cjs/index.d.ts",
    sideEffects: false,
    exports: {
      ...Object.fromEntries(entries.map(({ path, name }) => [path, exportOf(name)])),
      "./package.json": "./package.json",
    },
  };
}

function exportOf(name: string): object {
  return {
    import: { types: `./esm/${name}.d.ts`, default: `./esm/${name}.js` },
    require: { types: `./cjs/${name}.d.ts`, default: `./cjs/${name}.js` },
  };
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.main) {
  const outDir = resolve(process.argv[2] ?? join(here, "dist"));
  buildSdk(outDir);
  console.log(outDir);
}
