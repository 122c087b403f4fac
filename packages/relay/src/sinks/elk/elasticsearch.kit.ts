/**
 * A fake of Elasticsearch, built after its published interface: `_bulk`, index templates, cluster health. It is strict: a
 * body without its last line end, another content type, an action other than `create` for a data stream, a document that
 * does not fit the mapping, a template with keys in the wrong place are answered as the real one answers them.
 * `flavour: "opensearch"` knows `flat_object` in place of `flattened`.
 */
import { gunzipSync } from "node:zlib";
import {
  startStrictServer,
  type GivenAnswer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";
import { filtered, filterPathsOf } from "./filter-path.kit.ts";
import { misfitOf, templateProblemOf, type Flavour, type Misfit } from "./mapping.kit.ts";

export interface Elasticsearch extends StrictServer {
  /** Documents in the order they came. */
  readonly documents: readonly StoredDocument[];
  /** Templates by name, as they were put. */
  readonly templates: Map<string, Readonly<Record<string, unknown>>>;
  /** What of it is otherwise than usual. */
  readonly state: ElasticsearchState;
}

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
}

export interface ElasticsearchState {
  /** Error for the document with this id. */
  readonly errors: Map<
    string,
    { readonly status: number; readonly type: string; readonly reason: string }
  >;
  /** Ids that do not fit and land in the failure store. */
  readonly diverted: Set<string>;
  health: "green" | "yellow" | "red";
  /** Requests that touch templates are forbidden: the key may write and nothing else. */
  mayPutTemplates: boolean;
  /** Largest body, unpacked. */
  mostBytes: number;
}

export interface ElasticsearchSettings {
  /** The one value of `Authorization` that is right; left out: security is off. */
  readonly authorization?: string;
  readonly flavour?: Flavour;
}

/** Starts it. */
export async function startElasticsearch(
  settings: ElasticsearchSettings = {},
): Promise<Elasticsearch> {
  const { flavour = "elasticsearch", authorization } = settings;
  const cluster = new Cluster(flavour);
  const server = await startStrictServer((request) => {
    const given = textOf(request.headers["authorization"]);
    if (authorization !== undefined && given !== authorization) {
      return problem(401, "security_exception", `unable to authenticate with ${given}`);
    }
    return cluster.answer(request);
  });
  const { documents, templates, state } = cluster;
  return { ...server, documents, templates, state };
}

class Cluster {
  readonly documents: StoredDocument[] = [];
  readonly templates = new Map<string, Readonly<Record<string, unknown>>>();
  readonly state: ElasticsearchState = {
    errors: new Map(),
    diverted: new Set(),
    health: "green",
    mayPutTemplates: true,
    mostBytes: 100 * 1024 * 1024,
  };
  readonly #ids = new Map<string, Set<string>>();
  readonly #flavour: Flavour;

  constructor(flavour: Flavour) {
    this.#flavour = flavour;
  }

  answer(request: TakenRequest): GivenAnswer {
    const { headers, method } = request;
    const bytes = headers["content-encoding"] === "gzip" ? gunzipSync(request.body) : request.body;
    if (bytes.length > this.state.mostBytes) return { status: 413, body: "" };
    const text = bytes.toString();
    const { pathname, searchParams } = new URL(request.path, "http://elasticsearch");
    const paths = filterPathsOf(searchParams.get("filter_path"));
    if (method === "POST" && pathname === "/_bulk") {
      return narrowed(this.#bulk(textOf(headers["content-type"]), text), paths);
    }
    if (method === "GET" && pathname === "/_cluster/health") {
      return narrowed(answer(200, { cluster_name: "fake", status: this.state.health }), paths);
    }
    const name = /^\/_index_template\/([^/]+)$/.exec(pathname)?.[1];
    if (name !== undefined && ["GET", "PUT"].includes(method)) {
      return this.#template(method, decodeURIComponent(name), text);
    }
    return problem(400, "illegal_argument_exception", `unknown ${method} ${pathname}`);
  }

  #bulk(type: string, text: string): GivenAnswer {
    if (type !== "application/x-ndjson" && type !== "application/json") {
      const reason = `Content-Type header [${type}] is not supported`;
      return problem(406, "content_type_header_exception", reason);
    }
    if (!text.endsWith("\n")) {
      const reason = "The bulk request must be terminated by a newline [\\n]";
      return problem(400, "illegal_argument_exception", reason);
    }
    const lines = text.slice(0, -1).split("\n");
    if (lines.length % 2 !== 0) {
      return problem(400, "illegal_argument_exception", "Malformed action/metadata line");
    }
    const actions = lines.filter((_, i) => i % 2 === 0).map(actionOf);
    for (const [i, action] of actions.entries()) {
      if (action === undefined) {
        const reason = `Malformed action/metadata line [${2 * i + 1}]`;
        return problem(400, "illegal_argument_exception", reason);
      }
      const length = Buffer.byteLength(action.id);
      if (length > 512) {
        const reason = `Validation Failed: 1: id is too long, must be no longer than 512 bytes but was: ${length};`;
        return problem(400, "action_request_validation_exception", reason);
      }
    }
    const items = actions.map((action, i) =>
      this.#create(action?.index ?? "", action?.id ?? "", parsed(lines[2 * i + 1] ?? "")),
    );
    const errors = items.some((item) => JSON.stringify(item).includes('"error"'));
    return answer(200, { errors, took: 3, items });
  }

  #create(index: string, id: string, source: unknown): object {
    const template = templateFor(this.templates, index);
    const isStream = template !== undefined && "data_stream" in template;
    const isDiverted = isStream && this.state.diverted.has(id);
    const misfit =
      this.state.errors.get(id) ?? misfitOf(source, { template, isStream, flavour: this.#flavour });
    if (misfit !== undefined && !isDiverted) return failed(index, id, misfit);
    const ids = this.#ids.get(index) ?? new Set<string>();
    if (ids.has(id)) {
      const reason = `[${id}]: version conflict, document already exists (current version [1])`;
      return failed(index, id, { status: 409, type: "version_conflict_engine_exception", reason });
    }
    this.#ids.set(index, ids.add(id));
    this.documents.push({ index, id, source: source as StoredDocument["source"] });
    const made = { _index: index, _id: id, _version: 1, result: "created", status: 201 };
    return { create: isDiverted ? { ...made, failure_store: "used" } : made };
  }

  #template(method: string, name: string, text: string): GivenAnswer {
    if (!this.state.mayPutTemplates) {
      const reason = "action [indices:admin/index_template] is unauthorized for API key";
      return problem(403, "security_exception", reason);
    }
    const found = this.templates.get(name);
    if (method === "PUT") {
      const body = parsed(text);
      const wrong = templateProblemOf(body, this.#flavour);
      if (wrong?.type === "mapper_parsing_exception") {
        const reason = `composable template [${name}] template after composition is invalid`;
        return problem(400, "illegal_argument_exception", reason, {
          type: "illegal_argument_exception",
          reason: `invalid composite mappings for [${name}]`,
          caused_by: wrong,
        });
      }
      if (wrong !== undefined) return problem(400, wrong.type, wrong.reason);
      this.templates.set(name, body as Readonly<Record<string, unknown>>);
      return answer(200, { acknowledged: true });
    }
    if (found === undefined) {
      const reason = `index template matching [${name}] not found`;
      return problem(404, "resource_not_found_exception", reason);
    }
    return answer(200, { index_templates: [{ name, index_template: found }] });
  }
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}

function failed(index: string, id: string, { status, type, reason, cause }: Misfit): object {
  const caused = cause === undefined ? {} : { caused_by: { type: "x", reason: cause } };
  return { create: { _index: index, _id: id, status, error: { type, reason, ...caused } } };
}

function actionOf(line: string): { readonly index: string; readonly id: string } | undefined {
  const action = parsed(line);
  if (typeof action !== "object" || action === null) return undefined;
  if (Object.keys(action).join() !== "create") return undefined;
  const {
    _index: index,
    _id: id,
    ...others
  } = (action as { create: Record<string, unknown> }).create;
  if (typeof index !== "string" || typeof id !== "string" || Object.keys(others).length > 0) {
    return undefined;
  }
  return { index, id };
}

function templateFor(
  templates: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  index: string,
): Readonly<Record<string, unknown>> | undefined {
  const fitting = [...templates.values()].filter(({ index_patterns: patterns }) =>
    (patterns as readonly string[]).some((pattern) =>
      pattern.endsWith("*") ? index.startsWith(pattern.slice(0, -1)) : index === pattern,
    ),
  );
  return fitting.toSorted((a, b) => Number(b["priority"] ?? 0) - Number(a["priority"] ?? 0))[0];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Errors of a whole request are not filtered. */
function narrowed(given: GivenAnswer, paths: ReturnType<typeof filterPathsOf>): GivenAnswer {
  if (given.status !== 200) return given;
  return answer(200, filtered(parsed(given.body ?? ""), paths) ?? {});
}

function problem(status: number, type: string, reason: string, cause?: object): GivenAnswer {
  const caused = cause === undefined ? {} : { caused_by: cause };
  const error = { root_cause: [{ type, reason }], type, reason, ...caused };
  return answer(status, { error, status });
}

function answer(status: number, body: unknown): GivenAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}
