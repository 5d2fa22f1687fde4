/** Main tests in Chromium, on what databases there are in a browser. */
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleWorker } from "./worker/bundle.ts";
import type { TestResult } from "./worker/test_stand_in.ts";
import { runsAll } from "../support/random.ts";

/** The files that run there. */
const FILES = [
  "executor/check_predicate_test.ts",
  "executor/cte_scope_test.ts",
  "executor/mask_test.ts",
  "executor/transactions_test.ts",
  "repository/everyday_test.ts",
  "repository/reads_test.ts",
  "repository/upserts_test.ts",
  "repository/writes_test.ts",
  "soft-delete/functions_test.ts",
  "soft-delete/on_delete_test.ts",
  "soft-delete/visibility_test.ts",
  "timestamps/statements_test.ts",
  "audit/atomicity_test.ts",
  "audit/same_sql_test.ts",
];
/** What the browser loads by itself, as the packages ship it. */
const PACKAGES: Readonly<Record<string, { readonly path: string; readonly main: string }>> = {
  "@sqlite.org/sqlite-wasm": { path: "/sqlite-wasm/", main: "index.mjs" },
  "@electric-sql/pglite": { path: "/pglite/", main: "index.js" },
};
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const chromium = process.env["KYSERA_CHROMIUM"] ?? CHROMIUM.find((path) => existsSync(path));
const folders = chromium === undefined ? undefined : foldersOf(Object.keys(PACKAGES));
const skip = chromium === undefined
  ? "Chromium is not installed"
  : process.versions["deno"] === undefined
  ? "the bundler is Deno's"
  : folders === undefined
  ? "the packages of the databases are not in Deno's cache"
  : !runsAll()
  ? "--full runs it"
  : undefined;
const results = skip === undefined ? await run() : [];

describe("Chromium", { skip: skip ?? false }, () => {
  it("runs the tests, on sqlite-wasm and on PGlite", () => {
    const ran = results.filter(({ skip }) => skip === undefined);
    for (const name of ["[sqlite]", "[pglite]"]) {
      const on = ran.filter((result) => result.name.includes(name));
      assert.ok(on.length > 100, `${on.length} ran on ${name}`);
    }
  });

  // Servers cannot be reached from there.
  const own = results.filter(({ name }) => !/\[(?:postgres|mysql):/.test(name));
  for (const { name, skip, error } of own) {
    it(name.replaceAll(" > ", ": "), { skip: skip ?? false }, () => assert.equal(error, undefined));
  }
});

/** The folders that the packages are in, as Deno keeps them; `undefined` where one is not there. */
function foldersOf(names: readonly string[]): ReadonlyMap<string, string> | undefined {
  const { stdout, status } = spawnSync(process.execPath, ["info", "--json"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const { npmCache } = JSON.parse(stdout) as { npmCache: string };
  const { specifiers } = JSON.parse(
    readFileSync(new URL("../../deno.lock", import.meta.url), "utf8"),
  ) as { specifiers: Record<string, string> };
  const found = new Map<string, string>();
  for (const name of names) {
    const specifier = Object.keys(specifiers).find((each) => each.startsWith(`npm:${name}@`));
    const version = specifier === undefined ? undefined : specifiers[specifier]!.split("_")[0]!;
    const folder = version === undefined ? undefined : readdirSync(npmCache)
      .map((host) => join(npmCache, host, name, version, "dist"))
      .find((path) => existsSync(path));
    if (folder === undefined) return undefined;
    found.set(PACKAGES[name]!.path, folder);
  }
  return found;
}

async function run(): Promise<readonly TestResult[]> {
  const here = (path: string): string => new URL(path, import.meta.url).href;
  const node = here("./browser/node.ts");
  const { text } = await bundleWorker(
    [
      ...FILES.map((file) => `import ${JSON.stringify(here(`../${file}`))};`),
      'import { runTests } from "node:test";',
      "let results;",
      "try { results = await runTests(); }",
      'catch (error) { results = [{ name: "the run", error: String(error) }]; }',
      'await fetch("/results", { method: "POST", body: JSON.stringify(results) });',
    ].join("\n"),
    [...Object.keys(PACKAGES), "pg", "pg-cursor", "mysql2", "mysql2/promise"],
    {
      "node:assert/strict": here("./browser/assert.ts"),
      "node:process": node,
      "node:fs/promises": node,
      "node:sqlite": node,
      [here("../support/_sqlite.ts")]: here("./browser/_sqlite.ts"),
    },
  );
  const imports = Object.fromEntries(
    Object.entries(PACKAGES).map(([name, { path, main }]) => [name, path + main]),
  );
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
    <script>addEventListener("error", ({ message }) => report(message));
    addEventListener("unhandledrejection", ({ reason }) => report(reason?.stack ?? reason));
    const report = (text) => fetch("/failed", { method: "POST", body: String(text) });</script>
    <script type="module" src="/tests.js"></script>`;
  const told = Promise.withResolvers<readonly TestResult[]>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (pathname === "/results") {
      response.end();
      told.resolve(JSON.parse(body));
    } else if (pathname === "/failed") {
      response.end();
      told.reject(new Error(`The page has failed: ${body}`));
    } else if (pathname === "/") send(response, ".html", page);
    else if (pathname === "/tests.js") send(response, ".js", text!);
    else sendFile(response, pathname);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const profile = mkdtempSync(join(tmpdir(), "kysera-chromium-"));
  const browser = spawn(chromium!, [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${profile}`,
    `http://127.0.0.1:${port}/`,
  ], { stdio: "ignore", detached: true });
  browser.once("exit", (code) => told.reject(new Error(`Chromium has ended with ${code}`)));
  try {
    return await told.promise;
  } finally {
    const ended = new Promise((resolve) => browser.once("exit", resolve));
    if (browser.exitCode === null && browser.signalCode === null) {
      // It has processes of its own, in the group that it leads.
      process.kill(-browser.pid!, "SIGKILL");
      await ended;
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await removed(profile);
  }
}

/** Removes what the processes of a browser may write to still while they end. */
async function removed(directory: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}

function sendFile(response: ServerResponse, pathname: string): void {
  const [path, folder] = [...folders!].find(([path]) => pathname.startsWith(path)) ?? [];
  const file = path === undefined ? undefined : join(folder!, pathname.slice(path.length));
  if (file === undefined || !file.startsWith(folder!) || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  send(response, extname(file), readFileSync(file));
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, {
    "Content-Type": TYPES[type] ?? (type === ".html" ? "text/html" : "application/octet-stream"),
  });
  response.end(body);
}
