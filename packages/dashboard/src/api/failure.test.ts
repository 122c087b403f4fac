import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure, isMissing, isUnauthenticated, parseFailure } from "./failure.ts";

test("a problem document keeps every field's problem", () => {
  const body = JSON.stringify({
    type: "urn:belfry:error:invalid",
    title: "The request is not valid",
    status: 422,
    code: "invalid",
    detail: "The body does not fit",
    errors: [
      { path: "interval", message: "expected a number" },
      { path: "settings.assertions[0].pattern", message: "is no pattern" },
      "odd",
      { path: 7, message: "for the whole" },
    ],
  });
  const failure = parseFailure(422, body);
  assert.deepEqual(failure, {
    kind: "problem",
    status: 422,
    code: "invalid",
    title: "The request is not valid",
    detail: "The body does not fit",
    advice: "",
    problems: [
      { path: "interval", message: "expected a number" },
      { path: "settings.assertions[0].pattern", message: "is no pattern" },
      { path: "", message: "for the whole" },
    ],
  });
  assert.equal(describeFailure(failure), "The body does not fit.");
});

for (const body of ["<html>Bad gateway</html>", "", "[]", "null", '"text"']) {
  test(`a body that is no problem document (${body}) leaves the status`, () => {
    const failure = parseFailure(502, body);
    assert.equal(describeFailure(failure), "Answered with status 502.");
    assert.equal(isMissing(failure), false);
  });
}

test("missing things and missing keys are told apart", () => {
  assert.equal(isMissing(parseFailure(404, "")), true);
  assert.equal(isUnauthenticated(parseFailure(401, "")), true);
  assert.equal(isUnauthenticated({ kind: "unreachable" }), false);
});
