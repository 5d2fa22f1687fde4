import { chromium } from "playwright-core";
import { serve } from "./server.ts";
const server = await serve(new URL("../dist", import.meta.url).pathname);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const dark = Deno.args.includes("dark");
const width = Deno.args.includes("phone") ? 390 : 1440;
const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme: dark ? "dark" : "light" });
page.on("console", (m) => console.log("console", m.type(), m.text()));
page.on("pageerror", (e) => console.log("pageerror", e));
await page.goto(server.url);
let n = 1;
const wait = async () => { await page.waitForSelector(`[data-runs="${n++}"]`, { timeout: 60000 }); };
const shot = async (name: string) => { await wait(); await page.screenshot({ path: `/tmp/pg-e/${name}.png`, fullPage: width === 390 }); };
await shot("1");
for (const [i, a] of ["22_delete_all", "20_move_tenant", "32_raw_sql", "99_escape_hatch"].entries()) {
  await page.locator(".attempts select").selectOption(a);
  await shot(`a${i}`);
}
for (const p of ["audit", "rls"]) {
  await page.locator("header select").first().selectOption(p);
  await shot(p);
}
await page.locator(".statements summary").click();
await page.locator(".context summary").click();
await page.screenshot({ path: `/tmp/pg-e/open.png`, fullPage: width === 390 });
console.log(await page.evaluate(() => document.documentElement.scrollWidth));
await browser.close();
await server.close();
