/**
 * The dashboard below `/dashboard/`. Files whose name holds a hash never change; `index.html` answers every other path,
 * as the page reads the path itself. The files hold nothing secret, so anybody may have them.
 */
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { addRoute } from "./route.ts";

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Belfry</title>
<h1>The dashboard is not built</h1>
<p>Run <code>npm run build</code> in the checkout, then load this page again. The API works without it: see
<a href="/docs">/docs</a>.</p>
</html>
`;

const page = { description: "The page", schema: Type.String(), type: "text/html" };
const moved = { description: "To the dashboard", schema: Type.Null() };

/** Registers the routes. `folder` is where the built dashboard is, or will be. */
export async function addPages(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  for (const path of ["/", "/dashboard"]) {
    addRoute(app, {
      method: "GET",
      path,
      permission: "open",
      rateLimit: false,
      hidden: true,
      tag: "pages",
      summary: "To the dashboard",
      answers: { 302: moved },
      handle: ({ reply }) => reply.redirect("/dashboard/"),
    });
  }
  addRoute(app, {
    method: "GET",
    path: "/dashboard/*",
    permission: "open",
    rateLimit: false,
    hidden: true,
    tag: "pages",
    summary: "The dashboard",
    params: Type.Object({ "*": Type.String() }),
    answers: { 200: page, 503: { ...page, description: "The dashboard is not built" } },
    errors: ["not_found"],
    handle: ({ params, reply }) => sendPage(reply, folder, params["*"]),
  });
}

async function sendPage(reply: FastifyReply, folder: string, path: string): Promise<FastifyReply> {
  if (path.startsWith("assets/")) {
    return reply.sendFile(path, { maxAge: "365d", immutable: true });
  }
  if (/\.[a-z0-9]+$/.test(path)) return reply.sendFile(path, { maxAge: "1h" });
  if (await exists(join(folder, "index.html"))) {
    reply.header("cache-control", "no-cache");
    return reply.sendFile("index.html", { cacheControl: false });
  }
  return reply.code(503).type("text/html; charset=utf-8").send(notBuilt);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
