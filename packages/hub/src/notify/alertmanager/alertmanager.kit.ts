/**
 * A fake of Alertmanager's API v2, built after its published interface (prometheus/alertmanager, api/v2/openapi.yaml). It is
 * strict: labels and annotations, times, addresses; and it keeps alerts by their labels, as the real one does.
 */
import { jsonAnswer, jsonOf, RuleBroken, startProvider, type Provider } from "../provider.kit.ts";

export const user = { username: "ada", password: "right-password" };

type Json = Readonly<Record<string, unknown>>;

export interface KeptAlert {
  readonly labels: Json;
  readonly annotations: Json;
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface Alertmanager extends Provider {
  /** Annotations of each alert that came. */
  readonly texts: readonly string[];
  /** By labels. */
  readonly alerts: ReadonlyMap<string, KeptAlert>;
}

/** Starts it. */
export async function startAlertmanager(): Promise<Alertmanager> {
  const texts: string[] = [];
  const alerts = new Map<string, KeptAlert>();
  const credentials = Buffer.from(`${user.username}:${user.password}`).toString("base64");

  /** Those that have not ended; of matchers it knows `name=~"a|b"`. */
  function matching(filters: readonly string[]): readonly object[] {
    const matchers = filters.map((filter) => {
      const [, name = "", values = ""] = /^([a-z_]+)=~"([^"]*)"$/.exec(filter) ?? [];
      must(name !== "", `matcher ${filter}`);
      return { name, values: values.split("|") };
    });
    return [...alerts.values()]
      .filter(({ endsAt }) => endsAt > Date.now())
      .filter(({ labels }) =>
        matchers.every(({ name, values }) => values.includes(String(labels[name]))),
      )
      .map((alert) => ({ ...alert, startsAt: new Date(alert.startsAt).toISOString() }));
  }

  const provider = await startProvider({
    take(request) {
      const { authorization = "" } = request.headers;
      if (authorization !== `Basic ${credentials}`) {
        return { status: 401, body: `Unauthorized ${String(authorization)}` };
      }
      const { pathname, searchParams } = new URL(request.path, "http://alertmanager");
      if (pathname !== "/api/v2/alerts") return { status: 404 };
      if (request.method === "GET") return jsonAnswer(200, matching(searchParams.getAll("filter")));
      must(request.method === "POST", "method");
      const list = jsonOf(request, jsonAnswer(400, "parsing failed"));
      must(Array.isArray(list) && list.length > 0, "alerts must be a list");
      for (const item of list as unknown[]) {
        const alert = alertOf(objectOf(item));
        alerts.set(JSON.stringify(alert.labels, Object.keys(alert.labels).toSorted()), alert);
        texts.push(Object.values(alert.annotations).join("\n"));
      }
      return { status: 200 };
    },
    error: jsonAnswer(503, "unavailable"),
    busy: (seconds) => ({ status: 429, headers: { "retry-after": String(seconds) } }),
    refusal: jsonAnswer(400, "at least one label pair required"),
  });
  return { ...provider, texts, alerts };
}

function alertOf(item: Json): KeptAlert {
  const keys = ["labels", "annotations", "startsAt", "endsAt", "generatorURL"];
  for (const key of Object.keys(item)) must(keys.includes(key), `unknown key ${key}`);
  const labels = pairsOf(item["labels"]);
  must(Object.keys(labels).length > 0, "at least one label pair required");
  must(typeof labels["alertname"] === "string", "no alertname");
  const annotations = pairsOf(item["annotations"] ?? {});
  const startsAt = timeOf(item["startsAt"]);
  const endsAt = timeOf(item["endsAt"]);
  must(endsAt >= startsAt, "start time must be before end time");
  const { generatorURL } = item;
  must(
    generatorURL === undefined || (typeof generatorURL === "string" && URL.canParse(generatorURL)),
    "generatorURL",
  );
  return { labels, annotations, startsAt, endsAt };
}

function pairsOf(value: unknown): Json {
  const pairs = objectOf(value);
  for (const [name, text] of Object.entries(pairs)) {
    must(/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name), `invalid label name ${name}`);
    must(typeof text === "string" && text !== "" && text.length <= 4_000, `value of ${name}`);
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    must(!/[\u0000-\u0009\u000b-\u001f]/.test(String(text)), "control characters");
  }
  return pairs;
}

function timeOf(value: unknown): number {
  must(typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value), "time");
  return Date.parse(String(value));
}

function objectOf(value: unknown): Json {
  must(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
  return value as Json;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new RuleBroken(what, jsonAnswer(400, what));
}
