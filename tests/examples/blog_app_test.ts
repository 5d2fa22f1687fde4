/**
 * Starts `examples/blog-app` as a program, on the runtime of the test: from the sources on Deno,
 * against the packed packages on Node and Bun. What the API does is tested by the example itself.
 */
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../examples/blog-app/", import.meta.url));

describe("examples/blog-app", () => {
  it("serves the API, keeps its data, and ends in order on SIGTERM", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "kysera-blog-"));
    try {
      await withServer(join(scratch, "blog.sqlite"), async (call) => {
        const user = { username: "ada", email: "ada@example.org", password: "correct horse" };
        const registered = await call("POST", "/users", { user });
        assert.equal(registered.status, 201);
        const { token } = registered.body.user;
        const article = { title: "Notes", description: "On engines", body: "..", tagList: ["a"] };
        assert.equal((await call("POST", "/articles", { article }, token)).status, 201);
        assert.equal((await call("DELETE", "/articles/notes")).status, 401);
      });
      await withServer(join(scratch, "blog.sqlite"), async (call) => {
        const { body } = await call("GET", "/articles?author=ada&tag=a");
        assert.equal(body.articlesCount, 1);
        assert.equal(body.articles[0].slug, "notes");
      });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});

type Call = (
  method: string,
  path: string,
  body?: object,
  token?: string,
) => Promise<{ status: number; body: any }>;

/** Runs the program for as long as the function takes. */
async function withServer(file: string, use: (call: Call) => Promise<void>): Promise<void> {
  const program = "deno" in process.versions ? ["run", "-A", "main.ts"] : ["main.ts"];
  const { DATABASE_URL: _, ...env } = process.env;
  const server = spawn(process.execPath, program, {
    cwd: FOLDER,
    env: { ...env, PORT: "0", SQLITE_FILE: file },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: string[] = [];
  server.stderr.on("data", (chunk) => errors.push(String(chunk)));
  const ended = once(server, "exit");
  try {
    const origin = await originOf(server).catch((error) => {
      throw new Error(errors.join(""), { cause: error });
    });
    await use(async (method, path, body, token) => {
      const response = await fetch(`${origin}/api${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...token === undefined ? {} : { authorization: `Token ${token}` },
        },
        ...body === undefined ? {} : { body: JSON.stringify(body) },
      });
      return { status: response.status, body: await response.json() };
    });
    // Of `server.kill()` Deno tells that the signal ended the program, whatever the program did.
    process.kill(server.pid!, "SIGTERM");
    assert.deepEqual(await ended, [0, null], errors.join(""));
  } finally {
    // It has ended, unless something went wrong.
    server.kill("SIGKILL");
    await ended;
  }
}

/** Waits for the line that says where the server listens. */
async function originOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const [origin] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error("The server ended before it listened");
}
