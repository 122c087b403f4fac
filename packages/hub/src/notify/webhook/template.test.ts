import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostileTexts, noticeOf } from "../notice.kit.ts";
import { webhookBody } from "./message.ts";
import { webhookSamples } from "./sample.ts";
import { compileTemplate } from "./template.ts";
import type { TemplateForm } from "./template-form.ts";

const value = {
  title: 'a "b"\n<c>',
  count: 3,
  none: null,
  no: false,
  zero: 0,
  empty: [],
  inner: { name: "in", deep: { er: "x" } },
  names: ["a", "b", "c"],
  list: [{ name: "one", tags: ["x"] }, { name: "two", tags: [] }, { other: 1 }],
};

const rows: readonly (readonly [
  what: string,
  form: TemplateForm,
  text: string,
  expected: string,
])[] = [
  ["text as it is", "text", "plain } { }} text", "plain } { }} text"],
  ["a value", "text", "<{{title}}>", '<a "b"\n<c>>'],
  ["a value with blanks around its name", "text", "{{ count }}", "3"],
  ["a path", "text", "{{inner.deep.er}}", "x"],
  ["nothing for what is not there", "text", "[{{no_such}}{{inner.no.such}}{{none}}]", "[]"],
  ["nothing that is inherited", "text", "[{{constructor}}{{toString}}{{inner.__proto__}}]", "[]"],
  ["lists item by item", "text", "{{#names}}{{.}};{{/names}}", "a;b;c;"],
  [
    "what is between items",
    "text",
    "{{#names}}{{.}}{{#has_next}}, {{/has_next}}{{/names}}",
    "a, b, c",
  ],
  ["names around an item", "text", "{{#list}}{{name}}/{{count}} {{/list}}", "one/3 two/3 /3 "],
  ["sections within sections", "text", "{{#list}}[{{#tags}}{{.}}{{/tags}}]{{/list}}", "[x][][]"],
  ["a section once for an object", "text", "{{#inner}}{{name}}{{/inner}}", "in"],
  [
    "no section for what is empty",
    "text",
    "{{#empty}}a{{/empty}}{{#no}}b{{/no}}{{#zero}}c{{/zero}}{{#none}}d{{/none}}",
    "",
  ],
  ["JSON between quotes", "json", '{"a": "<{{title}}>"}', '{"a": "<a \\"b\\"\\n<c>>"}'],
  [
    "whole JSON outside of quotes",
    "json",
    '{"a": {{title}}, "b": {{count}}, "c": {{no_such}}}',
    '{"a": "a \\"b\\"\\n<c>", "b": 3, "c": null}',
  ],
  ["lists and objects as JSON", "json", "{{names}}{{inner.deep}}", '["a","b","c"]{"er":"x"}'],
  ["an escaped quote as no end of text", "json", '"\\"{{title}}"', '"\\"a \\"b\\"\\n<c>"'],
  ["an escaped backslash before the end", "json", '"\\\\"{{count}}', '"\\\\"3'],
  ["forms", "form", "a={{title}}", "a=a%20%22b%22%0A%3Cc%3E"],
  ["markup", "markup", "<p>{{title}}</p>", "<p>a &quot;b&quot;\n&lt;c&gt;</p>"],
];

describe("a template gives", () => {
  for (const [what, form, text, expected] of rows) {
    it(what, () => {
      const compiled = compileTemplate(text, form);
      assert.ok(compiled.kind === "ok", JSON.stringify(compiled));
      assert.equal(compiled.value(value), expected);
    });
  }

  it("JSON, whatever the values hold", () => {
    const compiled = compileTemplate('{"in": "{{title}}", "out": {{title}}}', "json");
    assert.ok(compiled.kind === "ok");
    for (const text of [...hostileTexts, '", "admin": true, "x": "', "\u2028\u2029"]) {
      const parsed: unknown = JSON.parse(compiled.value({ title: text }));
      assert.deepEqual(parsed, { in: text.toWellFormed(), out: text.toWellFormed() });
    }
  });
});

const wrong = [
  ["a tag without an end", "a\nb {{title", "line 2, column 3: {{ is never closed"],
  ["an expression", "{{a + b}}", "line 1, column 1: {{a + b}} is neither a value nor a section"],
  ["a partial", "{{> x}}", "line 1, column 1: {{> x}} is neither a value nor a section"],
  ["three braces", "{{{title}}}", "line 1, column 1: {{{title}} is neither a value nor a section"],
  ["an empty tag", "{{}}", "line 1, column 1: {{}} is neither a value nor a section"],
  ["a section without an end", "x{{#list}}", "line 1, column 2: the section list is never closed"],
  ["an end without a section", "{{/list}}", "line 1, column 1: {{/list}} closes what is not open"],
  [
    "sections that cross",
    "{{#a}}{{#b}}{{/a}}{{/b}}",
    "line 1, column 13: {{/a}} closes what is not open",
  ],
  [
    "a section within itself",
    "{{#a}}{{#b}}{{#a}}{{/a}}{{/b}}{{/a}}",
    "line 1, column 13: the section a is within itself",
  ],
  [
    "half a text in a section",
    '[{{#a}}"{{/a}}]',
    "line 1, column 2: the section a opens a quote that it does not close",
  ],
] as const;

describe("a template is refused for", () => {
  for (const [what, text, message] of wrong) {
    it(what, () => {
      assert.deepEqual(compileTemplate(text, "json"), {
        kind: "bad",
        problems: [{ path: "", message }],
      });
    });
  }
});

describe("the samples that templates are tried with", () => {
  it("have the shape that is sent", () => {
    const sent: unknown = JSON.parse(JSON.stringify(webhookBody(noticeOf())));
    for (const { body } of webhookSamples) {
      assert.deepEqual(Object.keys(body), Object.keys(sent as object));
      for (const incident of body.incidents) {
        const [first = {}] = webhookBody(noticeOf()).incidents;
        assert.deepEqual(Object.keys(incident), Object.keys(first));
      }
    }
  });
});
