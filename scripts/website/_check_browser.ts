/**
 * Opens the built site in Chromium: pages in both themes and two widths, the search, and what axe
 * finds.
 *
 * @module
 */
import axe from "axe-core";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { serveSite } from "./_server.ts";
import { BASE } from "./site.ts";

/** One thing that is looked at. */
export interface BrowserCheck {
  readonly name: string;
  readonly problems: readonly string[];
}

interface View {
  readonly width: number;
  readonly theme: "light" | "dark";
}

/** How pages are looked at. */
const VIEWS: readonly View[] = [
  { width: 1440, theme: "light" },
  { width: 1440, theme: "dark" },
  { width: 390, theme: "light" },
  { width: 390, theme: "dark" },
];
/** What is looked at in each way, and what is looked at in the first and the last. */
const PAGES = ["", "quick-start", "guide/rls"];
const MORE_PAGES = ["api/executor/functions", "errors", "comparison"];

/**
 * Finds Chromium.
 *
 * @returns its path; `undefined` where it is not installed
 */
export function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return (process.env["PATH"] ?? "").split(delimiter).concat("/usr/bin")
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find((path) => existsSync(path));
}

/**
 * Looks at the site in a browser.
 *
 * @param executablePath the path of Chromium
 * @param screenshots a directory for pictures of what was seen; none where it is not given
 * @returns what was looked at, and what is wrong
 */
export async function browserChecks(
  executablePath: string,
  screenshots: string | undefined,
): Promise<BrowserCheck[]> {
  if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true });
  const server = await serveSite();
  const address = `${server.origin}${BASE}`;
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const checks: BrowserCheck[] = [];
    for (const [index, view] of VIEWS.entries()) {
      const isOuter = index === 0 || index === VIEWS.length - 1;
      const context = await browser.newContext({
        viewport: { width: view.width, height: 900 },
        colorScheme: view.theme,
      });
      for (const path of isOuter ? [...PAGES, ...MORE_PAGES] : PAGES) {
        const name = `${path === "" ? "home" : path}, ${view.width} px, ${view.theme}`;
        checks.push({
          name,
          problems: await inPage(context, async (page) => {
            await open(page, `${address}${path}`);
            if (screenshots !== undefined) {
              const file = `${name.replaceAll(/\W+/g, "-")}.png`;
              await page.screenshot({ path: join(screenshots, file), fullPage: path === "" });
            }
            return [...await layoutProblems(page, view), ...await findings(page)];
          }),
        });
      }
      if (index === 0) {
        checks.push({
          name: "search",
          problems: await inPage(context, (page) => search(page, address)),
        });
      }
      await context.close();
    }
    return checks;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Looks at a new page; errors of the page, and of looking, are problems. */
async function inPage(
  context: BrowserContext,
  look: (page: Page) => Promise<string[]>,
): Promise<string[]> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`the console says: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`an error: ${error.message}`));
  try {
    problems.push(...await look(page));
  } catch (error) {
    problems.push(`it broke off: ${error instanceof Error ? error.message : error}`);
  } finally {
    await page.close();
  }
  return problems;
}

/** Opens an address, and waits until the page answers. */
async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.waitForFunction("document.querySelector('#app')?.__vue_app__ !== undefined");
}

async function layoutProblems(page: Page, { theme }: View): Promise<string[]> {
  const problems: string[] = [];
  const dark = await page.evaluate("document.documentElement.classList.contains('dark')");
  if (dark !== (theme === "dark")) problems.push(`the theme is not ${theme}`);
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  ) as number;
  if (overflow > 0) problems.push(`the page is ${overflow} px wider than the window`);
  return problems;
}

/** What axe calls serious or critical. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run()") as axe.AxeResults;
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) =>
      `axe: ${id}: ${help}: ${
        nodes.slice(0, 3).map(({ html }) => html).join(" ")
      } (${nodes.length})`
    );
}

/** Searches for something as a reader would, and follows the first result. */
async function search(page: Page, address: string): Promise<string[]> {
  await open(page, address);
  await page.locator(".VPNavBarSearch button").first().click();
  await page.locator("#localsearch-input").fill("bindContext");
  const first = page.locator(".VPLocalSearchBox .result").first();
  await first.click();
  await page.waitForURL((url) => url.pathname !== new URL(address).pathname);
  await page.locator(".vp-doc").getByText("bindContext").first().waitFor();
  return [];
}
