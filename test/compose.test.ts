/**
 * The compose files run what is there: every command, option and variable of Belfry's, every file, secret, volume and
 * service they name exists, and what faces the network is held as tightly as it can be.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { agentOptions } from "../packages/agent/src/command/settings.ts";
import type { OptionSpec } from "../packages/agent/src/command/option.ts";
import { parseCommand } from "../packages/hub/src/command/parse.ts";
import { leavesOf } from "../packages/hub/src/config/leaf.ts";
import { ConfigSchema } from "../packages/hub/src/config/schema.ts";
import { sidecarOptions, type SidecarOption } from "../packages/relay/src/command/option.ts";
import { filesBelow, findsNothing, root } from "./source.ts";

/** The keys that are looked at. */
interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { condition: string }>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: Readonly<Record<string, { readonly ipv4_address?: string }>>;
  readonly read_only?: boolean;
  readonly security_opt?: readonly string[];
  readonly healthcheck?: object;
  readonly deploy?: { readonly replicas?: number };
}

interface Compose {
  readonly path: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
}

function readCompose(path: string, text: string): Compose {
  const empty = { services: {}, secrets: {}, volumes: {}, networks: {} };
  // What these tests look at is what Compose itself requires of a file.
  const whole = parse(text, { merge: true }) as Partial<Compose>;
  return { ...empty, ...whole, path };
}

const paths = [...filesBelow("deploy", /^[a-z.-]*\.yml$/), "docker-compose.yml"].concat(
  "docker-compose.prod.yml",
);
const files = paths.map((path) => readCompose(path, readFileSync(join(root, path), "utf8")));

const leaves = leavesOf(ConfigSchema);
const withFiles = (name: string, secret: boolean): readonly string[] =>
  secret ? [name, `${name}_FILE`] : [name];
const hubVariables = leaves.flatMap(({ variable, secret }) => withFiles(variable, secret));
const tables = [
  ...Object.values<OptionSpec>(agentOptions),
  ...Object.values<SidecarOption>(sidecarOptions),
];
const knownVariables = new Set([
  "BELFRY_CONFIG",
  ...hubVariables,
  ...tables.flatMap(({ variables, secret }) =>
    variables.flatMap((name) => withFiles(name, secret === true)),
  ),
]);

/** What a service says wrong; one line each. */
type Rule = (service: Service, file: Compose) => readonly string[];

const rules: Readonly<Record<string, Rule>> = {
  "run commands and options that exist": ({ image, command }) => {
    if (image !== "belfry:latest" || command === undefined) return [];
    const parsed = parseCommand(command);
    return parsed.kind === "wrong" ? [parsed.message] : [];
  },

  "set variables that exist": ({ environment = {} }) =>
    Object.keys(environment).filter(
      (name) => name.startsWith("BELFRY_") && !knownVariables.has(name),
    ),

  "are built from files that are there": ({ build }, { path }) => {
    if (build === undefined) return [];
    const context = posix.join(dirname(path), build.context);
    const dockerfile = posix.join(context, build.dockerfile);
    return existsSync(join(root, dockerfile)) ? [] : [dockerfile];
  },

  "depend on services that are there, and wait for the health only of those that tell it": (
    { depends_on = [] },
    { services },
  ) => {
    if (Array.isArray(depends_on)) return depends_on.filter((name) => !(name in services));
    return Object.entries(depends_on).flatMap(([name, { condition }]) => {
      const other = services[name];
      if (other === undefined) return [name];
      const tells = other.healthcheck !== undefined || other.image === "belfry:latest";
      return condition === "service_healthy" && !tells ? [`${name} has no health`] : [];
    });
  },

  "use secrets and volumes that are declared, and mount files that are there": (service, file) => {
    const secrets = (service.secrets ?? []).filter((name) => !(name in file.secrets));
    const sources = (service.volumes ?? []).map((volume) => volume.split(":")[0] ?? "");
    const volumes = sources.filter((source) =>
      source.startsWith(".")
        ? !existsSync(join(root, dirname(file.path), source))
        : !source.startsWith("/") && !(source in file.volumes),
    );
    return [...secrets, ...volumes];
  },

  "gain no privileges, and change no file but in volumes": ({ read_only, security_opt = [] }) => [
    ...(read_only === true ? [] : ["read_only is not set"]),
    ...(security_opt.includes("no-new-privileges:true") ? [] : ["no-new-privileges is not set"]),
  ],
};

/** A job that ends by itself, once. */
const exempt = new Set(["deploy/docker-compose/monitoring.yml: job"]);

function problems(what: string, file: Compose): string[] {
  return Object.entries(file.services).flatMap(([name, service]) => {
    const place = `${file.path}: ${name}`;
    if (exempt.has(place) && what.startsWith("gain")) return [];
    return (rules[what]?.(service, file) ?? []).map((found) => `${place}: ${found}`);
  });
}

describe("services of compose files", () => {
  for (const what of Object.keys(rules)) {
    it(what, () => findsNothing(files.flatMap((file) => problems(what, file))));
  }

  const wrong = readCompose(
    "docker-compose.yml",
    `services:
  a:
    image: belfry:latest
    build: { context: ., dockerfile: deploy/Nowhere }
    command: [worker, --no-checks]
    environment: { BELFRY_LISTNE: x }
    depends_on: { b: { condition: service_healthy }, c: { condition: service_started } }
    secrets: [none]
    volumes: [none:/data, ./nowhere:/x]
  b: { image: other }
`,
  );
  for (const what of Object.keys(rules)) {
    it(`are noticed when they do not ${what}`, () =>
      assert.notDeepEqual(problems(what, wrong), []));
  }

  it("of images set variables that exist", () => {
    const unknown = filesBelow("deploy", /Dockerfile$/).flatMap((path) =>
      [...readFileSync(join(root, path), "utf8").matchAll(/\b(BELFRY_[A-Z_]+)=/g)].flatMap(
        ([, name = ""]) => (knownVariables.has(name) ? [] : [`${path}: ${name}`]),
      ),
    );
    findsNothing(unknown);
  });
});

describe("docker-compose.prod.yml", () => {
  const file = files.find(({ path }) => path === "docker-compose.prod.yml");
  const services = file?.services ?? {};
  const running = (command: string): number =>
    Object.values(services)
      .filter((one) => one.command?.[0] === command)
      .reduce((sum, { deploy }) => sum + (deploy?.replicas ?? 1), 0);

  it("has two hubs and two workers on one database", () => {
    assert.deepEqual([running("hub"), running("worker")], [2, 2]);
    const databases = Object.values(services)
      .filter(({ image }) => image === "belfry:latest")
      .map(({ environment }) => String(environment?.["BELFRY_DATABASE"]));
    assert.deepEqual([...new Set(databases)], ["postgres://belfry@db:5432/belfry"]);
  });

  it("has nginx before exactly those hubs, at addresses that stay", () => {
    const config = readFileSync(join(root, "deploy/nginx.conf"), "utf8");
    const servers = [...config.matchAll(/^\s*server ([a-z0-9-]+):8000 /gm)].map(([, name]) => name);
    const hubs = Object.entries(services).filter(([, one]) => one.command?.[0] === "hub");
    assert.deepEqual(
      servers,
      hubs.map(([name]) => name),
    );
    const addresses = hubs.map(([, { networks }]) => networks?.["default"]?.ipv4_address);
    assert.ok(addresses.every((address) => address?.startsWith("172.28.137.")));
    assert.match(config, /^\s*listen 8080;$/m);
  });

  it("lets the hubs believe their proxy, and nobody else", () => {
    const trusted = Object.values(services).flatMap(
      ({ environment }) => environment?.["BELFRY_TRUSTED_PROXIES"] ?? [],
    );
    const subnet = JSON.stringify(file?.networks["default"]);
    assert.deepEqual(new Set(trusted), new Set(["172.28.137.0/24"]));
    assert.ok(subnet.includes('"subnet":"172.28.137.0/24"'));
  });
});
