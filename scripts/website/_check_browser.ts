/**
 * Opens the built site in Chromium: pages in both themes and two widths, the search, types in
 * samples, and what axe finds.
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
  try {
    const address = `${server.origin}${BASE}`;
    const checks: BrowserCheck[] = [];
    for (const [index, view] of VIEWS.entries()) {
      const isOuter = index === 0 || index === VIEWS.length - 1;
      const paths = isOuter ? [...PAGES, ...MORE_PAGES] : PAGES;
      const look = () => lookAt(executablePath, address, view, paths, screenshots);
      // Chromium may end by itself where the machine has no memory left for it.
      checks.push(...await look().catch(look));
    }
    return checks;
  } finally {
    await server.close();
  }
}

/** So long an action in the browser may take, in ms: on a busy machine everything takes long. */
const PATIENCE = 60_000;
/** What Chromium is started with. */
export const FLAGS: string[] = [
  ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

async function lookAt(
  executablePath: string,
  address: string,
  view: View,
  paths: readonly string[],
  screenshots: string | undefined,
): Promise<BrowserCheck[]> {
  const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: PATIENCE });
  try {
    const context = await browser.newContext({
      viewport: { width: view.width, height: 900 },
      colorScheme: view.theme,
    });
    context.setDefaultTimeout(PATIENCE);
    const checks: BrowserCheck[] = [];
    const inView = async (name: string, look: (page: Page) => Promise<string[]>) => {
      const problems = await inPage(context, look);
      if (!browser.isConnected()) throw new Error("Cannot look at the pages: Chromium has ended");
      checks.push({ name: `${name}, ${view.width} px, ${view.theme}`, problems });
    };
    for (const path of paths) {
      const name = path === "" ? "home" : path;
      await inView(name, async (page) => {
        await open(page, `${address}${path}`);
        if (screenshots !== undefined) {
          const file = `${`${name} ${view.width} ${view.theme}`.replaceAll(/\W+/g, "-")}.png`;
          await page.screenshot({ path: join(screenshots, file), fullPage: path === "" });
        }
        return [...await layoutProblems(page, view), ...await findings(page)];
      });
    }
    if (view === VIEWS[0]) {
      await inView("search", (page) => search(page, address));
      await inView("types in samples", (page) => typesInSamples(page, address));
    }
    return checks;
  } finally {
    await browser.close();
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

/**
 * Returns what axe finds on a page that is serious or critical.
 *
 * @param page the page
 * @returns the findings, with the elements that they are about
 */
export async function findings(page: Page): Promise<string[]> {
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

/** Points at a name in a sample. */
async function typesInSamples(page: Page, address: string): Promise<string[]> {
  await open(page, `${address}quick-start`);
  await page.locator(".typed", { hasText: /^executor$/ }).first().hover();
  const text = await page.locator(".type-of-name").innerText();
  return /^const executor: KyseraExecutor<Database/.test(text) ? [] : [`it shows: ${text}`];
}
