/** The program under load, and a SIGTERM: no request that a load balancer sends it fails. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
/** How many send requests at once. */
const WORKERS = 8;

it("SIGTERM under load: no request fails, and the program ends with 0", async () => {
  const folder = await mkdtemp(join(tmpdir(), "saas-"));
  const program = "deno" in process.versions ? ["run", "-A", "main.ts"] : ["main.ts"];
  const { DATABASE_URL: _, ...env } = process.env;
  const server = spawn(process.execPath, program, {
    cwd: FOLDER,
    env: {
      ...env,
      PORT: "0",
      DATA_FOLDER: folder,
      TENANCY: "database",
      REQUESTS_PER_MINUTE: "1000000",
      DRAIN_MS: "5000",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: string[] = [];
  server.stderr.on("data", (chunk) => errors.push(String(chunk)));
  const ended = once(server, "exit");
  try {
    const origin = await originOf(server).catch((error) => {
      throw new Error(errors.join(""), { cause: error });
    });
    const token = await signUp(origin);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const created = await fetch(`${origin}/api/projects`, {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "Load" }),
    });
    const { project: { id } } = await created.json();

    // What a load balancer does: it sends requests for as long as the program says that it is ready.
    let isReady = true;
    const balancer = (async () => {
      while (isReady) {
        const response = await fetch(`${origin}/readyz`);
        await response.body?.cancel();
        isReady = response.status === 200;
      }
    })();
    const failed: string[] = [];
    let sent = 0;
    let isSignalled = false;
    const enough = Promise.withResolvers<void>();
    const work = async (worker: number): Promise<void> => {
      let isAfterSignal = false;
      // Some that the balancer sent before it noticed always come after the signal.
      for (let i = 0; isReady || !isAfterSignal; i++) {
        isAfterSignal = isSignalled;
        const isWrite = i % 10 === 0 && i < 50;
        sent++;
        if (sent === 100) enough.resolve();
        try {
          const response = isWrite
            ? await fetch(`${origin}/api/projects/${id}/documents`, {
              method: "POST",
              headers,
              body: JSON.stringify({ title: `${worker}-${i}`, body: "" }),
            })
            : await fetch(`${origin}/api/projects/${id}/documents?limit=5`, { headers });
          await response.text();
          // 402: the plan allows 50 documents.
          if (![200, 201, 402].includes(response.status)) failed.push(`status ${response.status}`);
        } catch (error) {
          failed.push(String((error as Error).cause ?? error));
        }
      }
    };
    const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker));
    await enough.promise;
    isSignalled = true;
    // Of `server.kill()` Deno tells that the signal ended the program, whatever the program did.
    process.kill(server.pid!, "SIGTERM");
    await Promise.all([balancer, ...workers]);
    assert.deepEqual(failed, [], errors.join(""));
    assert.deepEqual(await ended, [0, null], errors.join(""));
  } finally {
    // It has ended, unless something went wrong.
    server.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});

async function signUp(origin: string): Promise<string> {
  const response = await fetch(`${origin}/api/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      organisation: "Load",
      slug: "load",
      name: "Ada",
      email: "ada@load.example",
      password: "correct horse",
    }),
  });
  const { token } = await response.json();
  assert.equal(response.status, 201);
  return token;
}

/** Waits for the line that says where the server listens. */
async function originOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const [origin] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error("The server ended before it listened");
}
