/**
 * Looks at the pages of the examples in Chromium, as a reader of their READMEs does: with the samples
 * of `seed`, signed in, on a desktop and on a phone. `KYSERA_SCREENSHOTS` names a folder for pictures.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { chromium, type Page } from "playwright-core";
import { mustRun } from "../../scripts/run.ts";
import { findChromium, findings, FLAGS } from "../../scripts/website/_check_browser.ts";
import { ROOT } from "../../scripts/workspace.ts";
import { runsAll } from "../support/random.ts";

const WIDTHS = [1280, 390];
const screenshots = process.env["KYSERA_SCREENSHOTS"];
const executablePath = findChromium();
const isRequired = process.env["KYSERA_REQUIRE_ALL_DIALECTS"] !== undefined;
const skip = executablePath === undefined && !isRequired
  ? "Chromium is not installed"
  : !runsAll() && "--full runs it";

/** What is looked at: a page is ready when its function returns. */
interface Visit {
  /** What it is called, in the pictures as well. */
  readonly name: string;
  readonly open: (page: Page, origin: string) => Promise<unknown>;
}

const at = (path: string): Visit => ({
  name: path === "/" ? "home" : path.slice(1).replaceAll(/\W+/g, "-"),
  open: (page, origin) => page.goto(origin + path),
});
/** That of the samples. */
const PASSWORD = "correct horse";

/** Signs in by the form; what the form leads to is looked at. */
const signIn = (email: string, password: string): Visit => ({
  name: "signed-in",
  open: async (page, origin) => {
    await page.goto(`${origin}/login`);
    await page.locator("[name=email]").fill(email);
    await page.locator("[name=password]").fill(password);
    await Promise.all([
      page.waitForURL((url) => url.pathname !== "/login"),
      page.locator("main form button").click(),
    ]);
  },
});
/** Signs in on one side of the page of two organisations. */
const signInOn = (side: string): Visit => ({
  name: `signed-in-${side}`,
  open: async (page, origin) => {
    if (side === "left") await page.goto(origin);
    const section = page.locator(`[data-side=${side}]`);
    await section.locator("[name=password]").fill(PASSWORD);
    await section.locator(".login button").click();
    await section.locator(".projects li").first().waitFor();
  },
});

const EXAMPLES: Readonly<Record<string, readonly Visit[]>> = {
  "blog-app": [
    ...["/", "/login", "/register"].map(at),
    signIn("ada@example.org", PASSWORD),
    ...["/feed", "/own", "/editor"].map(at),
    {
      name: "article",
      open: async (page, origin) => {
        await page.goto(origin);
        await page.locator("main a[href^='/articles/']").first().click();
        await page.waitForURL("**/articles/*");
      },
    },
    {
      name: "history",
      open: (page) => page.goto(`${page.url()}/history`),
    },
  ],
  "e-commerce": [
    ...["/", "/login", "/register", "/products/teapot"].map(at),
    signIn("ada@example.org", PASSWORD),
    ...["/cart", "/orders"].map(at),
  ],
  "multi-tenant-saas": [
    at("/"),
    signInOn("left"),
    signInOn("right"),
    {
      name: "probe",
      open: async (page) => {
        const left = page.locator("[data-side=left]");
        await left.locator(".probe").click();
        await left.locator(".message", { hasText: "404" }).waitFor();
      },
    },
  ],
};

describe("the pages of the examples", () => {
  for (const [example, visits] of Object.entries(EXAMPLES)) {
    it(`of ${example}: nothing serious for axe, no errors, and no wider than a phone`, {
      skip,
    }, async () => {
      assert.ok(executablePath !== undefined, "Chromium is not installed");
      await withExample(example, async (origin) => {
        const problems: string[] = [];
        for (const width of WIDTHS) {
          problems.push(...await lookAt(example, visits, origin, width));
        }
        assert.deepEqual(problems, []);
      });
    });
  }
});

async function lookAt(
  example: string,
  visits: readonly Visit[],
  origin: string,
  width: number,
): Promise<string[]> {
  const problems: string[] = [];
  const browser = await chromium.launch({ executablePath: executablePath!, args: FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.setDefaultTimeout(30_000);
    let name = "";
    const report = (problem: string) => problems.push(`${name}, ${width} px: ${problem}`);
    // The requests for the other side's ids are refused: that is what the page shows.
    page.on("console", (message) => {
      if (message.type() === "error" && name !== "probe") report(message.text());
    });
    page.on("pageerror", (error) => report(error.message));
    for (const visit of visits) {
      name = visit.name;
      await visit.open(page, origin);
      if (screenshots !== undefined) {
        mkdirSync(screenshots, { recursive: true });
        await page.screenshot({ path: join(screenshots, `${example}-${name}-${width}.png`) });
      }
      for (const finding of await findings(page)) report(finding);
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      if (overflow !== 0) report(`the page is ${overflow} px wider than the window`);
    }
  } finally {
    await browser.close();
  }
  return problems;
}

/** Seeds and starts an example, on data of its own, for as long as the function takes. */
async function withExample(example: string, use: (origin: string) => Promise<void>): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "kysera-pages-"));
  const cwd = join(ROOT, "examples", example);
  const env = {
    ...process.env,
    DATABASE_URL: "",
    DATA_FOLDER: scratch,
    SQLITE_FILE: join(scratch, "pages.sqlite"),
    JWT_SECRET: "a secret of the test that is long enough",
    PORT: "0",
    NO_COLOR: "1",
  };
  let child: ChildProcess | undefined;
  try {
    await mustRun([process.execPath, "run", "-A", "seed.ts"], { cwd, env });
    child = spawn(process.execPath, ["run", "-A", "main.ts"], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await use(await originOf(child));
  } finally {
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Waits for the line that says where the application listens. */
async function originOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const [origin] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error("The application has ended before it listened");
}
