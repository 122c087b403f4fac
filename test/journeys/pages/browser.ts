/**
 * A real browser for journeys through the pages: the system's Chromium, driven by Playwright. Every page collects what
 * its console has against it, and can be looked over by axe.
 */
import axe from "axe-core";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type BrowserContextOptions, type Page } from "playwright-core";
import { buildIfStale } from "../../../packages/dashboard/build-if-stale.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why there is no browser here; undefined where there is one. */
export const noBrowser: string | undefined = existsSync(executablePath)
  ? undefined
  : `no Chromium at ${executablePath}; set CHROMIUM to one`;

/*
 * What runs within the page is given as text here and in the tests: the types of a browser are not those of a test, and
 * one program cannot have both.
 */

/** With this in the environment, every step is kept as a picture in that folder. */
const pictures = process.env["BELFRY_PICTURES"];

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What the console said and what went wrong, without answers that a step provokes (4xx). */
  readonly complaints: readonly string[];
  /** Looks the page over in both themes; throws with what axe finds. */
  isAccessible(what: string): Promise<void>;
  /** Keeps a picture, where pictures are asked for. */
  picture(name: string): Promise<void>;
}

export interface TestBrowser extends AsyncDisposable {
  /** Opens a page of its own, with nothing kept from others. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visit>;
}

/** Starts the browser; the pages are built first where they are stale. */
export async function startBrowser(): Promise<TestBrowser> {
  await buildIfStale();
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  return {
    async visit(url, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        reducedMotion: "reduce",
        ...options,
      });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() !== "error" && message.type() !== "warning") return;
        if (/the server responded with a status of 4\d\d/.test(message.text())) return;
        complaints.push(`${message.type()}: ${message.text()}`);
      });
      await page.goto(url);
      return {
        page,
        complaints,
        isAccessible: (what) => isAccessible(page, what),
        picture: (name) => picture(page, name),
        [Symbol.asyncDispose]: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function isAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(
      "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))",
    );
    // Evaluated, not added as a script: the page's content policy lets no foreign script in.
    await page.evaluate(axe.source);
    const violations = await page.evaluate<unknown>(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map((node) => node.html + "\\n    " + node.failureSummary),
        })))`,
    );
    assert.deepEqual(violations, [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
