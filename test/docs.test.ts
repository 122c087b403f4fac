/**
 * Documents state what holds: every path, link, npm script, command, option, setting, variable, route, metric and error
 * code they name exists. Only code spans, code blocks and links are looked at; prose is not.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, it } from "node:test";
import { errorTable } from "@belfry/contract";
import { agentOptions } from "../packages/agent/src/command/settings.ts";
import type { OptionSpec } from "../packages/agent/src/command/option.ts";
import { commands, commonOptions } from "../packages/hub/src/command/table.ts";
import { parseCommand } from "../packages/hub/src/command/parse.ts";
import { leavesOf } from "../packages/hub/src/config/leaf.ts";
import { ConfigSchema } from "../packages/hub/src/config/schema.ts";
import { sidecarOptions, type SidecarOption } from "../packages/relay/src/command/option.ts";
import { spoolCommands } from "../packages/relay/src/command/spool-line.ts";
import { sdkVariables } from "../packages/sdk/src/settings.ts";
import { filesBelow, findsNothing, root, sourcesBelow } from "./source.ts";

interface Document {
  readonly path: string;
  readonly text: string;
  /** Code spans and the lines of code blocks. */
  readonly code: readonly string[];
  /** Targets of links. */
  readonly links: readonly string[];
  /** Anchors other places can link to. */
  readonly anchors: ReadonlySet<string>;
}

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "deploy/README.md",
  ...filesBelow("docs", /\.md$/),
  ...filesBelow("packages", /\.md$/),
].map((path) => documentOf(path, readFileSync(join(root, path), "utf8")));

const leaves = leavesOf(ConfigSchema);
const agentTable = Object.values<OptionSpec>(agentOptions);
/** `--yes` and `--dry-run` are of `install` and `uninstall`. */
const agentFlags = [...agentTable.map(({ flag }) => flag), "yes", "dry-run"];
const agentVariables = agentTable.flatMap(({ variables, secret }) =>
  variables.flatMap((name) => (secret === true ? [name, `${name}_FILE`] : [name])),
);
const sidecarTable = Object.values<SidecarOption>(sidecarOptions);
const sidecarFlags = sidecarTable.flatMap(({ flag }) => (flag === null ? [] : [flag]));
const sidecarVariables = sidecarTable.flatMap(({ variables, secret }) =>
  variables.flatMap((name) => (secret === true ? [name, `${name}_FILE`] : [name])),
);
const sources = sourcesBelow("packages");
const scripts = new Set(Object.keys(scriptsOf(join(root, "package.json"))));

/** What a document says wrong; one line each. */
type Rule = (document: Document) => string[];

const rules: Readonly<Record<string, Rule>> = {
  "name paths that exist": ({ path, code }) =>
    code
      .flatMap(pathsIn)
      .filter((name) => !exists(name) && !exists(posix.join(dirname(path), name))),

  "link to what exists": ({ path, links, anchors }) =>
    links.filter((link) => {
      if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return false;
      const [target = "", anchor] = link.split("#");
      if (target === "") return anchor === undefined || !anchors.has(anchor);
      const file = posix.join(dirname(path), target);
      const other = documents.find((candidate) => candidate.path === file);
      if (anchor !== undefined && other !== undefined) return !other.anchors.has(anchor);
      return !exists(file);
    }),

  "name npm scripts that exist": ({ code }) =>
    matches(code, /\bnpm run (?:-s )?([a-z][a-z0-9:-]*)/g)
      .concat(matches(code, /\bnpm (start|test)\b/g))
      .filter((name) => !scripts.has(name)),

  "name commands and options that exist": ({ code }) => code.flatMap(wrongCommands),

  "name variables that exist": ({ code }) => {
    const known = new Set([
      "BELFRY_CONFIG",
      ...leaves.map(({ variable }) => variable),
      ...leaves.filter(({ secret }) => secret).map(({ variable }) => `${variable}_FILE`),
      ...agentVariables,
      ...sidecarVariables,
      ...Object.values(sdkVariables).flat(),
    ]);
    return matches(code, /\b(BELFRY_[A-Z0-9_]*[A-Z0-9])\b/g).filter((name) => !known.has(name));
  },

  "name settings that exist": ({ code }) => {
    const branches = new Set(
      leaves.filter(({ keys }) => keys.length > 1).map(({ keys }) => keys[0]),
    );
    return matches(code, /^([a-z_]+(?:\.[a-z_]+)+)$/g)
      .filter((name) => branches.has(name.split(".")[0]))
      .filter((name) => !/\.(ts|md|json|ya?ml|log|db)$/.test(name))
      .filter((name) => !leaves.some(({ path }) => path === name || path.startsWith(`${name}.`)));
  },

  "name routes that exist": ({ code }) => {
    const routes = new Set(
      sources.flatMap(({ text }) => matches([text], /["'`](\/[a-z][a-z0-9/:_*.-]*)["'`]/gi)),
    );
    // Resources that are alike have their routes below a path they are given: `${path}/:id`.
    const below = sources.flatMap(({ text }) =>
      matches([text], /`\$\{(?:resource\.)?path\}(\/[^`$]+)`/g),
    );
    const isKnown = (route: string): boolean =>
      routes.has(route) ||
      routes.has(route.replace("/api/v1", "")) ||
      below.some((end) => route.endsWith(end) && routes.has(route.slice(0, -end.length)));
    return matches(code, /(?:^|[\s:0-9])(\/api\/v1\/[a-z/_{}-]*[a-z}])/g)
      .map((route) => route.replaceAll(/\{([a-z_]+)\}/g, ":$1"))
      .filter((route) => !isKnown(route));
  },

  "name metrics that exist": ({ code }) => {
    const text = sources
      .filter((file) => !file.isTest)
      .map((file) => file.text)
      .join("\n");
    return matches(code, /\b(belfry_[a-z_]*[a-z])\b/g).filter(
      (name) => !text.includes(name) && !text.includes(name.replace(/_(bucket|sum|count)$/, "")),
    );
  },

  "name error codes that exist": ({ text }) =>
    matches([text], /\bcode `([a-z_]+)`/g).filter((code) => !Object.hasOwn(errorTable, code)),
};

describe("documents", () => {
  for (const [what, rule] of Object.entries(rules)) {
    it(what, () => {
      const wrong = documents.flatMap((document) =>
        rule(document).map((found) => `${document.path}: ${found}`),
      );
      findsNothing(wrong);
    });
  }

  it("give a reason for every dependency, and for none that is not there", () => {
    const page = documents.find(({ path }) => path === "docs/ARCHITECTURE.md");
    const [, section = ""] = page?.text.split("## Dependencies") ?? [];
    const named = new Set(matches([section], /`((?:@[a-z-]+\/)?[a-z0-9-]+)`/g));
    const used = filesBelow(".", /^package\.json$/).flatMap(dependenciesOf);
    findsNothing(used.filter((name) => !named.has(name)));
    findsNothing([...named].filter((name) => !used.includes(name)));
  });

  it("name no package registry and no machine of their writers", () => {
    const wrong = documents.filter(({ text }) =>
      /registry\.(npmjs|yarnpkg)|https?:\/\/[^/\s]*(artifactory|nexus)|\/(root|home|work)\//.test(
        text,
      ),
    );
    findsNothing(wrong.map(({ path }) => path));
  });
});

describe("the rules themselves", () => {
  const wrong = documentOf(
    "README.md",
    "See `packages/hub/src/nowhere.ts`, [there](docs/NOWHERE.md), [here](#nowhere) and `checks.max_cocurrent`.\n" +
      "Set `BELFRY_LITSEN`, call `/api/v1/moniters/{id}`, watch `belfry_nothing_total`; the answer has code `lost`.\n" +
      "```sh\nnpm run nothing\nnpx belfry fly\nnpx belfry up --nothing\n```\n",
  );
  for (const [what, rule] of Object.entries(rules)) {
    it(`notice a document that does not ${what}`, () => assert.notDeepEqual(rule(wrong), []));
  }

  it("find nothing wrong with a document that is right", () => {
    const right = documentOf(
      "README.md",
      "# A title\n\nSee `packages/hub/src/app.ts`, [settings](docs/CONFIG.md), [here](#a-title), `checks.max_concurrent`,\n" +
        "`BELFRY_LISTEN`, `/api/v1/monitors/{id}`, `belfry_checks_total` and the code `not_found`.\n" +
        "```sh\nnpm run check\nnpx belfry key create ci --scope read\nnpm start -- --listen 127.0.0.1:0\n```\n",
    );
    for (const rule of Object.values(rules)) assert.deepEqual(rule(right), []);
  });
});

function documentOf(path: string, text: string): Document {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const prose = text.replaceAll(/^```[a-z]*\n[\s\S]*?^```/gm, "");
  return {
    path,
    text,
    code: [
      ...matches([prose], /`([^`\n]+)`/g),
      ...blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, " ").split("\n")),
    ],
    links: matches([prose], /\]\(([^)\s]+)\)/g),
    anchors: new Set(matches([prose], /^#+ (.*)$/gm).map(anchorOf)),
  };
}

/** As GitHub makes anchors of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function matches(texts: readonly string[], pattern: RegExp): string[] {
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, found = ""]) => found));
}

const tops = "packages|docs|test|bench|deploy|\\.github|\\.ci";

/** Paths of the checkout in a span or line of code; patterns with `<`, `*` or `…` are no paths. */
function pathsIn(code: string): string[] {
  return matches([code], new RegExp(`(?:^|[\\s"'(])\\.?/?((?:${tops})/[^\\s"'\`,;)]+)`, "g"))
    .map((path) => path.replace(/[:.]$/, "").replace(/:\d+$/, "").replace(/\/$/, ""))
    .filter((path) => !/[<>*…{}$]/.test(path));
}

function exists(path: string): boolean {
  return existsSync(join(root, path));
}

/** `belfry …` in a line of code, as far as it is written out. */
function wrongCommands(line: string): string[] {
  const found =
    /^(?:\$ )?(?:sudo )?(?:docker (?:compose )?exec \S+ )?(?:npx )?belfry(?: (.*))?$/.exec(line);
  const started = /^npm start -- (.*)$/.exec(line);
  const rest = started === null ? found?.[1] : `up ${started[1]}`;
  if (rest === undefined) return [];
  const words = rest
    .replace(/\s+(#|[|>&]).*$/, "")
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words[0] === "agent") return wrongOptions(line, words, agentFlags);
  if (words[0] === "sidecar") return wrongOptions(line, words, sidecarFlags);
  if (words[0] === "spool") return wrongSpool(line, words.slice(1));
  if (words.some((word) => /[<…|[\]]/.test(word))) return wrongNames(line, words);
  const parsed = parseCommand(words);
  if (parsed.kind !== "wrong") return [];
  // A command named without what must follow it is a mention, not an example.
  return /expected [A-Z|:]+, found nothing|expected one of .*, found nothing/.test(parsed.message)
    ? []
    : [`${line}: ${parsed.message}`];
}

/** `belfry spool` alone, or one of its commands with options that this one takes. */
function wrongSpool(line: string, [command = "--help", ...rest]: readonly string[]): string[] {
  if (command.startsWith("--")) return wrongOptions(line, [command], []);
  const spec = Object.entries<{ readonly options: readonly string[] }>(spoolCommands).find(
    ([name]) => name === command,
  )?.[1];
  if (spec === undefined) return [`${line}: there is no ${command}`];
  return wrongOptions(line, rest, spec.options);
}

/** The agent and the sidecar have tables of options of their own. */
function wrongOptions(line: string, words: readonly string[], flags: readonly string[]): string[] {
  const known = new Set([...flags, "help", "version"]);
  const unknown = words
    .flatMap((word) => matches([word], /^--([a-z-]+)/g))
    .filter((option) => !known.has(option));
  return unknown.map((option) => `${line}: there is no --${option}`);
}

function wrongNames(line: string, words: readonly string[]): string[] {
  const first = words[0]?.split(/[|[]/)[0] ?? "";
  const names = Object.keys(commands).map((name) => name.split(" ")[0]);
  const options = new Set<string>([
    ...commonOptions,
    ...Object.values(commands).flatMap((one) => one.options),
  ]);
  const unknown = words
    .flatMap((word) => matches([word], /--([a-z-]+)/g))
    .filter((option) => !options.has(option));
  return names.includes(first) && unknown.length === 0 ? [] : [line];
}

/** What a package file names, but our own packages, packages of types and the Node of other platforms. */
function dependenciesOf(path: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, object>;
  return ["dependencies", "devDependencies", "optionalDependencies"]
    .flatMap((key) => Object.keys(manifest[key] ?? {}))
    .filter((name) => !/^(@belfry\/|@types\/|node-(bin|win|linux-arm64))/.test(name));
}

function scriptsOf(path: string): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { scripts: Record<string, string> };
  return manifest.scripts;
}
