/** What `node:http` alone can do: reads a body, answers 202 as long as the sidecar's answer is, and stores nothing. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const answer = Buffer.from(
  JSON.stringify({
    ok: true,
    duration_s: 0.000123,
    index: 0,
    status: "taken",
    idempotency_key: "0190a2b4-0000-7000-8000-000000000000",
  }),
);
const server = createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => {
    response.writeHead(202, {
      "content-type": "application/json",
      "content-length": answer.length,
    });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => {
  process.stderr.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
