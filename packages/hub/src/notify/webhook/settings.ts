/** Settings of channel `webhook`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { HeadersSchema, HttpUrlSchema, readSecret } from "@belfry/relay/http";
import { Type, type Static } from "typebox";
import { pathOf, tlsFields, tlsProblems } from "../tls.ts";
import { webhookSamples } from "./sample.ts";
import { compileTemplate, type Template } from "./template.ts";
import type { TemplateForm } from "./template-form.ts";

/** As they are written. */
export const WebhookSettingsSchema = Type.Object(
  {
    url: HttpUrlSchema,
    method: Type.Enum(["POST", "PUT", "PATCH"], { title: "Method", default: "POST" }),
    headers: HeadersSchema,
    format: Type.Enum(["json", "template", "alertmanager", "uptime_kuma"], {
      title: "Format",
      default: "json",
      description:
        "json: Belfry's own shape; template: as written below; alertmanager: as Alertmanager's webhooks, version 4; uptime_kuma: as Uptime Kuma's",
    }),
    template: Type.Optional(
      Type.String({
        title: "Template",
        maxLength: 16_384,
        multiline: true,
        description:
          "{{title}} is a value of the JSON shape, {{#incidents}}…{{/incidents}} goes through a list, {{#has_next}},{{/has_next}} parts its items",
      }),
    ),
    content_type: Type.String({
      title: "Content type",
      default: "application/json",
      maxLength: 200,
      pattern: "^[\\w!#$&^.+-]+/[\\w!#$&^.+-]+(;[\\x20-\\x7e]*)?$",
      expected: "a content type such as application/json",
      description: "Of what the template gives; decides how values are escaped",
    }),
    secret: Type.Optional(
      Type.String({
        title: "Secret",
        maxLength: 1_024,
        description:
          "Signs requests as Standard Webhooks says: whsec_ and 24 to 64 bytes in Base64; several, separated by blanks, while one is exchanged",
      }),
    ),
    ...tlsFields,
  },
  { additionalProperties: false },
);

export type WebhookSettings = Static<typeof WebhookSettingsSchema> & {
  readonly keys: readonly Uint8Array[];
  /** Compiled; undefined unless the format is `template`. */
  readonly render: Template | undefined;
};

const parse = createParser(WebhookSettingsSchema);

/** Checks settings; a secret that is none is told without showing it, a template that gives no JSON with its place. */
export function parseWebhookSettings(settings: unknown, at = ""): Parsed<WebhookSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { value } = parsed;
  const problems: Problem[] = [...tlsProblems(value, at)];

  const texts = (value.secret ?? "").split(/\s+/).filter((text) => text !== "");
  const keys = texts.flatMap((text) => readSecret(text) ?? []);
  if (keys.length !== texts.length) {
    const message = "expected whsec_ and 24 to 64 bytes in Base64";
    problems.push({ path: pathOf(at, "secret"), message });
  }

  let render: Template | undefined;
  if (value.format === "template") {
    const compiled = templateOf(value);
    if (compiled.kind === "ok") render = compiled.value;
    else problems.push(...compiled.problems.map((one) => ({ ...one, path: pathOf(at, one.path) })));
  } else if (value.template !== undefined) {
    const message = `is used only with the format template, found ${value.format}`;
    problems.push({ path: pathOf(at, "template"), message });
  }
  return problems.length > 0 ? bad(...problems) : ok({ ...value, keys, render });
}

function templateOf({
  template,
  content_type,
}: Static<typeof WebhookSettingsSchema>): Parsed<Template> {
  const path = "template";
  if (template === undefined) return bad({ path, message: "is required" });
  const form = formOf(content_type);
  const compiled = compileTemplate(template, form);
  if (compiled.kind === "bad") {
    return bad(...compiled.problems.map(({ message }) => ({ path, message })));
  }
  if (form !== "json") return compiled;
  for (const { what, body } of webhookSamples) {
    try {
      JSON.parse(compiled.value(body));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return bad({ path, message: `gives no JSON for ${what}: ${why}` });
    }
  }
  return compiled;
}

function formOf(contentType: string): TemplateForm {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (/[/+]json$/.test(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  return /[/+](xml|html)$/.test(type) ? "markup" : "text";
}
