/**
 * Starts `examples/e-commerce` as a program, on the runtime of the test: from the sources on Deno,
 * against the packed packages on Node and Bun. What the shop does is tested by the example itself.
 */
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AppProcess, startApp } from "../../examples/e-commerce/load/app_process.ts";

const secret = "a secret of the test that is long enough";

describe("examples/e-commerce", () => {
  it("sells, keeps its data and its sessions, and ends in order on SIGTERM", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "kysera-shop-"));
    try {
      const env = {
        DATABASE_URL: "",
        SQLITE_FILE: join(scratch, "shop.sqlite"),
        JWT_SECRET: secret,
      };
      const token = await withApp(env, async (call) => {
        const user = { name: "ada", email: "ada@example.org", password: "correct horse" };
        const registered = await call("POST", "/api/users", user);
        assert.equal(registered.status, 201);
        assert.equal((await call("GET", "/api/cart")).status, 401);
        assert.equal((await call("GET", "/readyz")).status, 200);
        return registered.body.token;
      });
      await withApp(env, async (call) => {
        const { status, body } = await call("GET", "/api/cart", undefined, token);
        assert.deepEqual([status, body.cart], [200, { lines: [], total: 0 }]);
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
async function withApp<R>(
  env: Readonly<Record<string, string>>,
  use: (call: Call) => Promise<R>,
): Promise<R> {
  const app: AppProcess = await startApp(env);
  try {
    const result = await use(async (method, path, body, token) => {
      const response = await fetch(app.origin + path, {
        method,
        headers: {
          "content-type": "application/json",
          ...token === undefined ? {} : { authorization: `Bearer ${token}` },
        },
        ...body === undefined ? {} : { body: JSON.stringify(body) },
      });
      return { status: response.status, body: await response.json() };
    });
    assert.equal(await app.stop(), 0);
    return result;
  } finally {
    // It has ended, unless something went wrong.
    await app.kill();
  }
}
