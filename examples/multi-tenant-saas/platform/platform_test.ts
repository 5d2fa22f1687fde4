/** What every request passes: probes, limits, spans; and what the environment may say. */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { SAMPLE_PASSWORD, seed } from "../seeds/seed.ts";
import { describeSaas } from "../testing/start_saas.ts";
import { readConfig } from "./config.ts";

const spans = new InMemorySpanExporter();
before(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
  );
});
after(() => {
  context.disable();
  trace.disable();
});

describeSaas("the platform", ["row"], (test) => {
  it("answers probes without a session, and pages without a token", async () => {
    const { app } = test();
    for (const path of ["/livez", "/readyz", "/healthz"]) {
      assert.equal((await app.request(path)).status, 200, path);
    }
    const page = await app.request("/");
    assert.match(page.headers.get("content-security-policy")!, /default-src 'self'/);
    assert.match(await page.text(), /Two organisations/);
    for (const path of ["/style.css", "/page.js"]) {
      assert.equal((await app.request(path)).status, 200, path);
    }
    assert.equal((await app.request("/nowhere")).status, 404);
  });

  it("fills an empty installation with samples, once", async () => {
    const { saas, client } = test();
    assert.equal(await seed(saas), true);
    assert.equal(await seed(saas), false);
    for (
      const [organisation, email] of [["acme", "ada@acme.example"], [
        "initech",
        "grace@initech.example",
      ]]
    ) {
      const { status, body } = await client.post("/login", {
        organisation,
        email,
        password: SAMPLE_PASSWORD,
      });
      assert.equal(status, 200);
      const { projects } = (await client.withToken(body.token).get("/projects")).body;
      assert.equal(projects.length, 2);
    }
  });

  it("tells of a request and its statements, without ids and values", async () => {
    const owner = await test().client.signUp("traced");
    const { id } = (await owner.post("/projects", { name: "Secret plan" })).body.project;
    spans.reset();
    await owner.get(`/projects/${id}`);
    const finished = spans.getFinishedSpans();
    const request = finished.find(({ name }) => name === "GET /api/projects/:id");
    assert.ok(request !== undefined, finished.map(({ name }) => name).join());
    const statements = finished.filter(({ parentSpanContext }) =>
      parentSpanContext?.spanId === request.spanContext().spanId
    );
    assert.ok(statements.length >= 2, `${statements.length} statements`);
    const told = JSON.stringify(finished.map(({ name, attributes }) => [name, attributes]));
    for (const value of [id, "Secret plan"]) assert.equal(told.includes(value), false, told);
  });

  it("limits how often an account is tried, and how many requests a member sends", async () => {
    const { client } = test();
    const owner = await client.signUp("limited");
    const statuses = [];
    for (let i = 0; i < 6; i++) {
      const login = { organisation: "limited", email: "owner@limited.example", password: "guess" };
      statuses.push((await client.post("/login", login)).status);
    }
    // Its sign-up was one of the five.
    assert.deepEqual(statuses, [401, 401, 401, 401, 429, 429]);
    const replies = [];
    for (let i = 0; i < 21; i++) replies.push(await owner.get("/me"));
    assert.equal(replies.filter(({ status }) => status === 200).length, 20);
    assert.match(replies.at(-1)!.headers.get("retry-after")!, /^\d+$/);
  });

  it("takes no body that is too large, and tells nothing of failures", async () => {
    const owner = await test().client.signUp("large");
    const { status } = await owner.post("/projects", { name: "x".repeat(300_000) });
    assert.equal(status, 413);
    assert.equal((await owner.post("/projects", "{")).status, 422);
  });
}, { requestsPerMinute: 20, loginsPerMinute: 5 });

it("the configuration is refused where it makes no sense", () => {
  const refused: [Record<string, string>, RegExp][] = [
    [{ PORT: "x" }, /PORT/],
    [{ JWT_SECRET: "short" }, /JWT_SECRET/],
    [{ TENANCY: "table" }, /TENANCY/],
    [{ TENANCY: "schema" }, /SQLite has no schemas/],
    [{ TENANCY: "database", DATABASE_URL: "pglite:" }, /PGlite is one database/],
  ];
  for (const [env, message] of refused) assert.throws(() => readConfig(env), message);
  assert.equal(readConfig({}).tenancy, "row");
});
