import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openTestHub } from "./hub.kit.ts";

interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<
    string,
    Record<
      string,
      {
        responses: Record<string, { description: string }>;
        summary?: string;
        parameters?: { name: string; in: string }[];
      }
    >
  >;
  components: { schemas: Record<string, unknown> };
}

describe("the OpenAPI document", () => {
  test("has every route of the API with every answer described", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/openapi.json");
    const document = answer.json<Document>();
    assert.equal(document.openapi, "3.1.0");
    assert.equal(document.info.version, "1.2.3");
    for (const { method, path, options } of hub.api.routes.routes) {
      if (method === "HEAD" || (options.schema as { hide?: boolean }).hide === true) continue;
      const written = path.replaceAll(/(?<!:):(\w+)/g, "{$1}").replaceAll("::", ":");
      const operation = document.paths[written]?.[method.toLowerCase()];
      assert.ok(operation !== undefined, `${method} ${written}`);
      assert.ok(operation.summary !== undefined, written);
      const statuses = Object.keys((options.schema as { response: object }).response);
      assert.deepEqual(Object.keys(operation.responses), statuses, written);
      for (const [status, { description }] of Object.entries(operation.responses)) {
        assert.notEqual(description, "Default Response", `${written} ${status}`);
      }
      for (const [, name] of written.matchAll(/\{(\w+)\}/g)) {
        const own: { in: string } | undefined = operation.parameters?.find(
          (one) => one.name === name,
        );
        assert.equal(own?.in, "path", `${written}: ${name}`);
      }
    }
  });

  test("refers to shapes that occur again, and every reference leads somewhere", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/openapi.json");
    const document = answer.json<Document>();
    const references = (answer.text.match(/"#\/components\/schemas\/\w+"/g) ?? []).map(
      (reference) => reference.slice(reference.lastIndexOf("/") + 1, -1),
    );
    for (const name of references) assert.ok(name in document.components.schemas, name);
    const names = Object.keys(document.components.schemas);
    assert.deepEqual(
      names.filter((name) => !references.includes(name)),
      [],
    );
    assert.ok(answer.text.length < 500_000, `${answer.text.length} characters`);
  });
});

describe("/docs", () => {
  test("shows the document with files of its own, and sends nothing elsewhere", async (t) => {
    const hub = await openTestHub(t);
    for (const url of ["/docs", "/docs/"]) {
      const page = await hub.api.app.inject(url);
      assert.equal(page.statusCode, 200);
      assert.ok(!/(src|href)="https?:/.test(page.payload));
      assert.match(String(page.headers["content-security-policy"]), /script-src 'self';/);
    }
    for (const file of ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"]) {
      assert.equal((await hub.api.app.inject(`/docs/static/${file}`)).statusCode, 200, file);
    }
    const [own, docs] = [
      await hub.api.app.inject("/openapi.json"),
      await hub.api.app.inject("/docs/json"),
    ];
    assert.equal(docs.payload, own.payload);
  });
});
