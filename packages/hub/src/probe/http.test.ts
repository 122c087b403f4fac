import { answering, serve, tarpit } from "./fixture.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "http",
  well: async (t) => {
    const port = await serve(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    return { settings: { url: `http://LOCALHOST:${port}/a#b` } };
  },
  silent: async (t) => ({ settings: { url: `http://127.0.0.1:${await serve(t, tarpit)}/` } }),
  revealing: async (t) => {
    const port = await serve(t, (socket) => {
      socket.once("data", (request) => {
        const echo = request.toString("latin1").replaceAll("\r\n", "\n");
        const line = echo.split("\n").find((each) => each.startsWith("X-Token")) ?? "";
        socket.end(
          `HTTP/1.1 500 Oops ${line}\r\nEcho: ${line}\r\nContent-Type: text/plain\r\n\r\n${echo}`,
        );
      });
    });
    return {
      settings: {
        url: `http://127.0.0.1:${port}/`,
        auth: { kind: "basic", username: "me", password: "geheim-password" },
        secret_headers: { "X-Token": "geheim-token" },
        assertions: [{ kind: "status", comparison: "==", value: 500 }],
        accepted_status: ["200"],
      },
    };
  },
  target: /^http:\/\/localhost:\d+\/a#b$/,
  host: "localhost",
});
