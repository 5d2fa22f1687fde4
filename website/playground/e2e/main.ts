/** Tests the playground in Chromium. The last line is `N passed, N failed`. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
} from "playwright-core";
import { Checks } from "./checks.ts";
import { PlaygroundPage } from "./playground_page.ts";
import { serve, type StaticServer } from "./server.ts";

/** Long enough for two slow cores: what is waited for is always an event. */
const LIMIT = 180_000;
const BROWSERS = [
  process.env["KYSERA_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** A folder for screenshots, if somebody wants to look at them. */
const SHOTS = process.env["KYSERA_SHOTS"];
const DIST = join(import.meta.dirname!, "../dist");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const QUERY = (body: string) => `export default (db) => ${body};`;
/** The attempts that do not end with `filtered`. */
const VERDICTS: Readonly<Record<string, string>> = {
  "19_update_or": "protected",
  "20_move_tenant": "refused",
  "22_delete_all": "protected",
  "24_insert_tenant": "refused",
  "26_insert_select": "protected",
  "27_upsert": "protected",
  "32_raw_sql": "refused",
  "33_raw_subquery": "refused",
  "35_compiled_query": "refused",
  "40_no_tenant": "refused",
  "99_escape_hatch": "reached",
};

const executablePath = BROWSERS.find((path) => path !== undefined && existsSync(path));
const checks = new Checks(process.argv.slice(2), LIMIT);
if (executablePath === undefined) {
  console.log("skipped: there is no Chromium; set KYSERA_CHROMIUM to the path of one");
} else {
  const server = await serve(DIST);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    await testAll(browser, server);
  } finally {
    await browser.close();
    await server.close();
  }
}
checks.end();

async function testAll(browser: Browser, server: StaticServer): Promise<void> {
  const within = <T>(
    options: BrowserContextOptions,
    use: (page: PlaygroundPage, context: BrowserContext) => Promise<T>,
  ) => inContext(browser, options, use);

  await checks.run("opens on SQLite, and compares the three runs", () =>
    within({}, async (at) => {
      const start = performance.now();
      await at.open(server.url);
      const first = performance.now() - start;
      assert.equal(await at.verdict(), "filtered");
      assert.equal((await at.rows("guarded")).length, 3);
      assert.equal((await at.rows("alone")).length, 8);
      assert.doesNotMatch(await at.sql("written"), /tenant_id|deleted_at/);
      assert.match(await at.addedBy("rls"), /"tenant_id" =/);
      assert.match(await at.addedBy("soft-delete"), /"deleted_at" is null/);
      return `first result after ${Math.round(first)} ms`;
    }));

  await checks.run(
    "runs what is typed, as whoever is chosen, with the plugins that are chosen",
    () =>
      within({}, async (at) => {
        await at.open(server.url);
        await at.query(QUERY(`db.selectFrom("comments as k").select(["k.id", "k.body"])`));
        assert.equal(await at.sql("written"), `select "k"."id", "k"."body" from "comments" as "k"`);
        assert.match(await at.sql("run"), /where "k"."tenant_id" = \? ?1$/);
        assert.equal((await at.rows("guarded")).length, 2);
        const zoe = "Zoe, author of tenant 2";
        await at.running(() => at.page.locator("#principal").selectOption(zoe));
        assert.deepEqual(await at.rows("guarded"), ["3\tTop secret"]);
        const nobody = "nobody: no context is bound";
        await at.running(() => at.page.locator("#principal").selectOption(nobody));
        assert.equal(await at.verdict(), "refused");
        assert.match(await at.said(), /RLSContextError/);
        await at.running(() => at.page.locator(`[data-plugin="rls"]`).first().click());
        assert.equal((await at.rows("guarded")).length, 3);
        assert.equal(await at.sql("run"), await at.sql("written"));
      }),
  );

  await checks.run("edits policies and the schema", () =>
    within({}, async (at) => {
      await at.open(server.url);
      await at.show("schema");
      await at.running(() =>
        at.write(
          `export const setup = async (db) => {
             await db.schema.createTable("notes").addColumn("id", "integer", (c) => c.primaryKey())
               .addColumn("secret", "integer").execute();
             await db.insertInto("notes").values([{ id: 1, secret: 0 }, { id: 2, secret: 1 }]).execute();
           };`,
        )
      );
      // The plugins are for columns that are not there any more, which is an error.
      assert.match(await at.said(), /no table has a column "deleted_at"/);
      await at.show("plugins");
      await at.running(() =>
        at.write(
          `import type { Plugin } from "@kysera/executor";
           export const plugins: Plugin[] = [{
             name: "open-notes",
             version: "1.0.0",
             filter: (notes, { eb }) => eb(notes.column("secret"), "=", 0),
           }];`,
        )
      );
      await at.show("query");
      await at.query(QUERY(`db.selectFrom("notes").selectAll()`));
      assert.deepEqual(await at.rows("guarded"), ["1\t0"]);
      assert.match(await at.addedBy("open-notes"), /"notes"\."secret" =/);
    }));

  await checks.run("tries to break it: every attempt of the menu", () =>
    within({}, async (at) => {
      await at.open(server.url);
      const ids = await at.page.locator(".attempts option").evaluateAll((options) =>
        options.map((option) => (option as HTMLOptionElement).value).filter((value) => value !== "")
      );
      assert.ok(ids.length >= 20);
      for (const id of ids) {
        await at.attempt(id);
        assert.equal(await at.verdict(), VERDICTS[id] ?? "filtered", id);
      }
      return `${ids.length} attempts`;
    }));

  await checks.run("ends a program that does not end, and goes on", () =>
    within({}, async (at) => {
      await at.open(server.url);
      await at.query(QUERY(`{ while (true); }`));
      assert.equal(await at.page.locator(".result-pane").getAttribute("data-result"), "stopped");
      assert.match(await at.said(), /Stopped after 5 s/);
      await at.query(QUERY(`db.selectFrom("authors").select("name")`));
      assert.equal((await at.rows("guarded")).length, 2);
    }));

  await checks.run(
    "says where the syntax is wrong, and what a program throws",
    () =>
      within({}, async (at) => {
        await at.open(server.url);
        await at.query(`export default (db) =>\n  db.selectFrom("posts";`);
        assert.match(await at.said(), /SyntaxError: query.ts: /);
        const marker = await at.page.locator(".cm-lint-marker-error").boundingBox();
        const line = await at.page.locator(".cm-line").nth(1).boundingBox();
        assert.ok(Math.abs(marker!.y - line!.y) < line!.height, "the second line is marked");
        await at.query(QUERY(`{ throw new RangeError("mine"); }`));
        assert.equal(await at.verdict(), "failed");
        assert.match(await at.said(), /RangeError: mine/);
        await at.query(`import x from "left-pad"; export default () => x;`);
        assert.match(await at.said(), /Cannot import "left-pad": the playground has kysely/);
      }),
  );

  await checks.run(
    "knows the types: errors, completion and hovers",
    () =>
      within({}, async (at) => {
        await at.open(server.url);
        const before = await at.page.evaluate(() =>
          performance.getEntriesByType("resource").filter(({ name }) => /types/.test(name)).length
        );
        assert.equal(before, 0, "TypeScript is not loaded before the editor is used");
        const typed = (body: string) =>
          `import type { Kysely } from "kysely";\nimport type { Database } from "./schema.ts";\n` +
          `export default (db: Kysely<Database>) =>\n  ${body}`;
        await at.query(typed(`db.selectFrom("posts").select(["id", "no_such_column"]);`));
        const wrong = at.page.locator(".cm-lintRange-error");
        await wrong.first().waitFor();
        assert.deepEqual(await wrong.allInnerTexts(), ["select"]);
        assert.match(await at.said(), /no_such_column/);

        await at.query(typed(`db.selectFrom("posts").selectAll();`));
        await wrong.first().waitFor({ state: "detached" });
        await at.page.getByText("selectFrom", { exact: true }).hover();
        await at.page.locator(".type-tooltip", { hasText: "SelectQueryBuilder" }).waitFor();

        // Behind a dot, and in a string.
        await at.write(typed(`db.`));
        await at.page.keyboard.press("ControlOrMeta+Space");
        await at.page.locator(".cm-completionLabel", { hasText: /^selectFrom$/ }).waitFor();
        await at.page.keyboard.press("Escape");
        await at.write(typed(`db.selectFrom("p");`));
        for (let i = 0; i < 3; i++) await at.page.keyboard.press("ArrowLeft");
        await at.page.keyboard.press("ControlOrMeta+Space");
        await at.page.locator(".cm-completionLabel", { hasText: /^posts$/ }).waitFor();
        await shoot(at, "types");
        await at.page.keyboard.press("Escape");
        await at.page.locator(".cm-tooltip-autocomplete").waitFor({ state: "detached" });
      }),
  );

  await checks.run("gives a program no network and no storage", () =>
    within({}, async (at) => {
      await at.open(server.url);
      await at.query(
        QUERY(`["fetch", "caches", "indexedDB", "Worker", "XMLHttpRequest", "WebSocket"]
          .map((name) => ({ name, there: String(globalThis[name] !== undefined) }))`),
      );
      const rows = await at.rows("guarded");
      assert.equal(rows.length, 6);
      assert.deepEqual(rows.filter((row) => !row.endsWith("false")), []);
    }));

  await checks.run(
    "shares a program by a link, which is read before it is run",
    () =>
      within({ permissions: ["clipboard-read", "clipboard-write"] }, async (at, context) => {
        await at.open(server.url);
        await at.query(QUERY(`db.selectFrom("authors as w").select("w.name") // Größe`));
        await at.running(() =>
          at.page.locator("#principal").selectOption("Zoe, author of tenant 2")
        );
        const [text, rows] = [await at.text(), await at.rows("guarded")];
        await at.page.getByRole("button", { name: "Share" }).click();
        await at.page.getByText("Link copied").waitFor();
        const link = await at.page.evaluate(() => navigator.clipboard.readText());
        assert.equal(link, at.page.url());

        const other = new PlaygroundPage(await context.newPage());
        await other.page.goto(link);
        await other.page.getByText("This program came with a link").waitFor();
        assert.equal(await other.text(), text);
        assert.equal(await other.page.locator(".result-pane").getAttribute("data-runs"), "0");
        await other.running(() => other.page.getByRole("button", { name: "Run" }).click());
        assert.deepEqual(await other.rows("guarded"), rows);
        assert.deepEqual(rows, ["Zoe"]);
        assert.deepEqual(other.complaints, []);

        // What is not changed is ours, and runs at once.
        await other.running(() =>
          other.page.locator("header select").first().selectOption("audit")
        );
        await other.page.getByRole("button", { name: "Share" }).click();
        await other.page.getByText("Link copied").waitFor();
        await at.page.goto("about:blank");
        await at.open(other.page.url());
        assert.match(await at.text(), /getAuditLogs/);
        return `${link.length} characters`;
      }),
  );

  await checks.run("opens a link that is broken like no link", () =>
    within({}, async (at) => {
      await at.open(`${server.url}#1bm90IHplcm8`);
      assert.equal(await at.verdict(), "filtered");
    }));

  await checks.run(
    "runs on PostgreSQL when asked, and never shows one's result as the other's",
    () =>
      within({}, async (at) => {
        await at.open(server.url);
        const before = await at.page.evaluate(() =>
          performance.getEntriesByType("resource").filter(({ name }) => name.includes("pglite"))
            .length
        );
        assert.equal(before, 0, "PostgreSQL is not loaded before");
        const start = performance.now();
        await at.running(() => at.page.locator("#engine").selectOption("postgres"));
        const first = performance.now() - start;
        assert.match(await at.sql("run"), /\$1/);
        assert.match(await at.page.locator(".facts").innerText(), /^PostgreSQL 1\d/);
        assert.equal(await at.verdict(), "filtered");
        await at.attempt("26_insert_select");
        assert.equal(await at.verdict(), "protected");
        await at.query(QUERY(`{ while (true); }`));
        assert.match(await at.said(), /Stopped/);
        // The next PostgreSQL is opening when SQLite is asked for.
        await at.page.locator("#engine").selectOption("postgres");
        await at.running(async () => {
          await at.page.locator("#engine").selectOption("sqlite");
          await at.write(QUERY(`db.selectFrom("authors").select("name")`));
        });
        assert.match(await at.page.locator(".facts").innerText(), /^SQLite/);
        return `first result after ${Math.round(first)} ms`;
      }),
  );

  await checks.run(
    "works without the network after the first visit",
    () =>
      within({}, async (at) => {
        const own = await serve(DIST);
        try {
          await at.open(own.url);
          // The worker takes the page over when all files are kept.
          await at.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
          await at.running(() => at.page.locator("#engine").selectOption("postgres"));
        } finally {
          await own.close();
        }
        await at.reload();
        assert.equal((await at.rows("guarded")).length, 3);
        await at.running(() => at.page.locator("#engine").selectOption("postgres"));
        assert.match(await at.page.locator(".facts").innerText(), /^PostgreSQL/);
      }),
  );

  for (
    const [what, policy, reason] of [
      ["code that is made from text", "script-src 'self' 'wasm-unsafe-eval'", /'unsafe-eval'/],
      ["WebAssembly", "script-src 'self'", /'wasm-unsafe-eval'/],
      ["workers", "script-src 'self'; worker-src 'none'", /worker-src/],
    ] as const
  ) {
    await checks.run(
      `says that a content security policy forbids ${what}`,
      () =>
        within({ serviceWorkers: "block" }, async (at) => {
          server.setPolicy(policy);
          try {
            await at.open(server.url);
            assert.match(await at.said(), reason);
            // The browser tells of the policy itself.
            at.complaints.length = 0;
          } finally {
            server.setPolicy(undefined);
          }
        }),
    );
  }

  await checks.run("can be used by the keyboard alone", () =>
    within({}, async (at) => {
      await at.open(server.url);
      await at.page.getByRole("tab", { name: "Query" }).focus();
      await at.page.keyboard.press("ArrowRight");
      await at.shows("plugins");
      assert.match(await at.text(), /defineRLSSchema/);
      await at.page.keyboard.press("ArrowLeft");
      await at.shows("query");
      await at.page.locator(".cm-content").focus();
      await at.running(() => at.page.keyboard.press("ControlOrMeta+Enter"));
      // Tab leaves the editor.
      await at.page.keyboard.press("Tab");
      const inEditor = await at.page.evaluate(() =>
        document.activeElement?.closest(".editor") !== null
      );
      assert.equal(inEditor, false);
    }));

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"] as const) {
      await checks.run(
        `is accessible: ${size}, ${colorScheme}`,
        () =>
          within({ viewport, colorScheme }, async (at) => {
            await at.open(server.url);
            await inspect(at, `${size}-${colorScheme}-filtered`);
            await at.attempt("22_delete_all");
            await at.page.locator(".statements summary").click();
            await at.page.locator(".context summary").click();
            await inspect(at, `${size}-${colorScheme}-written`);
            await at.attempt("32_raw_sql");
            await inspect(at, `${size}-${colorScheme}-refused`);
            await at.attempt("99_escape_hatch");
            await inspect(at, `${size}-${colorScheme}-reached`);
            await at.query(
              QUERY(`{ console.log("hello", { a: 1 }); throw new TypeError("mine"); }`),
            );
            await inspect(at, `${size}-${colorScheme}-failed`);
            await at.running(() => at.page.locator("header select").first().selectOption("audit"));
            assert.match(await at.page.locator(".extended").innerText(), /^audit: /);
            await inspect(at, `${size}-${colorScheme}-audit`);
          }),
      );
    }
  }
}

/** Opens a page in a context of its own, and sees in the end that it has not complained. */
async function inContext<T>(
  browser: Browser,
  options: BrowserContextOptions,
  use: (page: PlaygroundPage, context: BrowserContext) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options });
  context.setDefaultTimeout(LIMIT);
  try {
    const page = new PlaygroundPage(await context.newPage());
    const value = await use(page, context);
    assert.deepEqual(page.complaints, [], "the page says nothing on the console");
    return value;
  } finally {
    await context.close();
  }
}

/** Takes a picture, if somebody wants to look at it. */
async function shoot({ page }: PlaygroundPage, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** Looks for what is hard to see, to read and to reach. */
async function inspect(at: PlaygroundPage, name: string): Promise<void> {
  const { page } = at;
  await shoot(at, name);
  const size = page.viewportSize()!;
  for (const width of size.width < 400 ? [size.width, 360] : [size.width]) {
    await page.setViewportSize({ ...size, width });
    const wide = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth
    );
    assert.equal(wide, 0, `${name}: the page scrolls to the side at ${width} pixels`);
  }
  await page.setViewportSize(size);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.map(({ id, impact, nodes }) =>
      `${impact} ${id}: ${nodes.map(({ target }) => target.join(" ")).slice(0, 3).join(", ")}`
    );
  });
  assert.deepEqual(found, [], name);
}
