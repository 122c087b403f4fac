import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { ec2Surroundings, surroundings } from "./surroundings.ts";

describe("surroundings", () => {
  for (const [name, environment, found] of [
    ["nowhere", { AWS_REGION: "eu-west-1" }, null],
    [
      "Lambda",
      {
        AWS_LAMBDA_FUNCTION_NAME: "f",
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
        AWS_REGION: "eu-west-1",
      },
      {
        compute_platform: "lambda",
        function_name: "f",
        function_version: "$LATEST",
        memory_mb: "128",
        region: "eu-west-1",
      },
    ],
    [
      "ECS",
      { ECS_CONTAINER_METADATA_URI_V4: "http://169.254.170.2/v4/abc-1", ECS_CLUSTER: "c" },
      { compute_platform: "ecs", container_id: "abc-1", cluster: "c" },
    ],
  ] as const) {
    it(`are found in the environment: ${name}`, () =>
      assert.deepEqual(surroundings(environment), found));
  }
});

describe("EC2's metadata service", () => {
  it("is asked with a token", async (t) => {
    const seen: string[] = [];
    const url = await serve(t, (server) =>
      server.on("request", (request, response) => {
        seen.push(`${request.method} ${request.url}`);
        const isToken = request.url === "/latest/api/token";
        const isAllowed = isToken
          ? request.method === "PUT" && request.headers["x-aws-ec2-metadata-token-ttl-seconds"]
          : request.headers["x-aws-ec2-metadata-token"] === "secret";
        response.statusCode = isAllowed ? 200 : 401;
        response.end(isToken ? "secret" : request.url?.split("/").at(-1));
      }),
    );
    assert.deepEqual(await ec2Surroundings({ url }), {
      compute_platform: "ec2",
      instance_id: "instance-id",
      instance_type: "instance-type",
      availability_zone: "availability-zone",
    });
    assert.equal(seen[0], "PUT /latest/api/token");
    assert.equal(seen.length, 4);
  });

  for (const [name, listen] of [
    [
      "answers with a proxy's error page",
      (server: Server) =>
        server.on("request", (_, response) => response.writeHead(502).end("<html>")),
    ],
    ["never answers", (server: Server) => server],
  ] as const) {
    it(`is nothing when it ${name}`, async (t) => {
      const url = await serve(t, listen);
      assert.equal(await ec2Surroundings({ url, timeoutMs: 50 }), null);
    });
  }

  it("is nothing where there is none", async () => {
    assert.equal(await ec2Surroundings({ url: "http://127.0.0.1:1" }), null);
  });
});

async function serve(t: TestContext, prepare: (server: Server) => Server): Promise<string> {
  const server = prepare(createServer());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
