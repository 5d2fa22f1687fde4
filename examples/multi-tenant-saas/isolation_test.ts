/**
 * No request of one organisation gets a row of another, however it is forged; in every tenancy. What
 * is another's does not exist: 404, and never 403.
 */
import { sign } from "hono/jwt";
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { BODIES, type Ids, routesOf, tryIds, WITHOUT_IDS } from "./testing/crawler.ts";
import type { Client } from "./testing/client.ts";
import { describeSaas } from "./testing/start_saas.ts";

interface Side {
  readonly owner: Client;
  readonly token: string;
  readonly organisation: string;
  readonly ids: Ids;
  readonly cursors: readonly string[];
  /** What its responses hold, and those of nobody else may. */
  readonly secrets: readonly string[];
  snapshot(): Promise<string>;
}

describeSaas("the isolation of organisations", ["row", "schema", "database"], (test) => {
  let own: Side;
  let foreign: Side;

  before(async () => {
    own = await makeSide("alpha");
    foreign = await makeSide("omega");
  });
  let untouched = "";
  before(async () => {
    untouched = await foreign.snapshot();
  });

  /** An organisation with one of everything. */
  async function makeSide(slug: string): Promise<Side> {
    const { client, saas } = test();
    const owner = await client.signUp(slug);
    const made = async (path: string, body: unknown) => {
      const reply = await owner.post(path, body);
      assert.equal(reply.status, 201, JSON.stringify(reply.body));
      return reply.body;
    };
    const { id: project } = (await made("/projects", { name: `${slug}-project` })).project;
    const { id: hidden } =
      (await made("/projects", { name: `${slug}-hidden`, private: true })).project;
    const documents = [];
    for (const n of [1, 2, 3]) {
      const input = { title: `${slug}-title-${n}`, body: `${slug}-body-${n}` };
      documents.push((await made(`/projects/${project}/documents`, input)).document.id);
    }
    const invited = await made("/invitations", { email: `${slug}-guest@people.example` });
    await owner.invite(`${slug}-colleague`, "member");
    const { members } = (await owner.get("/members")).body;
    const { id: organisation } = await saas.control.selectFrom("organisations").select("id")
      .where("slug", "=", slug).executeTakeFirstOrThrow();
    const users = await saas.control.selectFrom("users").select("id")
      .where("email", "like", `%${slug}%`).execute();
    const cursors = [];
    for (const path of ["/projects", "/members", `/projects/${project}/documents`]) {
      const { nextCursor } = (await owner.get(`${path}?limit=1`)).body;
      assert.equal(typeof nextCursor, "string", path);
      cursors.push(nextCursor);
    }
    const reads = [
      "/me",
      "/members",
      "/invitations",
      "/projects",
      "/usage",
      "/audit/export",
      "/impersonations",
      `/projects/${project}/documents`,
      `/projects/${hidden}`,
    ];
    return {
      owner,
      token: owner.headers["authorization"]!.slice("Bearer ".length),
      organisation,
      ids: {
        member: members[0].id,
        project,
        document: documents[0],
        invitation: invited.invitation.id,
        others: [
          members[1].id,
          hidden,
          documents[1],
          organisation,
          ...users.map(({ id }) => id),
          "1",
          "undefined",
          "%25",
          "' or 1=1 --",
        ].map((id) => id.includes("%") ? id : encodeURIComponent(id)),
      },
      cursors,
      secrets: [
        slug,
        project,
        hidden,
        ...documents,
        organisation,
        ...members.map(({ id }: any) => id),
      ],
      async snapshot() {
        const replies = [];
        for (const path of reads) {
          const reply = await owner.get(path);
          assert.equal(reply.status, 200, path);
          replies.push(reply.body);
        }
        return JSON.stringify(replies);
      },
    };
  }

  function mustHoldNothing(body: unknown, what: string): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    for (const secret of foreign.secrets) {
      assert.equal(text.includes(secret), false, `${what} shows ${secret}: ${text}`);
    }
  }

  it("knows each route, so that a new one is tried as well", () => {
    const known = new Set([...Object.keys(BODIES), ...WITHOUT_IDS]);
    const unknown = routesOf(test().app).map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !known.has(route) && !/^(?:GET|DELETE) .*:/.test(route));
    assert.deepEqual(unknown, []);
  });

  it("has no thing of another: every route, every id", async () => {
    let attempts = 0;
    for (const route of routesOf(test().app)) {
      if (!route.path.includes(":")) continue;
      for (const { what, reply } of await tryIds(own.owner, route, own.ids, foreign.ids)) {
        assert.equal(reply.status, 404, `${what} -> ${JSON.stringify(reply.body)}`);
        mustHoldNothing(reply.body, what);
        attempts++;
      }
    }
    assert.ok(attempts > 200, `${attempts} attempts`);
    assert.equal(await foreign.snapshot(), untouched);
  });

  it("is not moved by headers", async () => {
    const { organisation } = foreign;
    const headers = [
      "x-tenant-id",
      "x-tenant",
      "x-organisation",
      "x-org-id",
      "x-user-id",
      "x-forwarded-host",
      "x-original-url",
      "x-rewrite-url",
      "cookie",
      "forwarded",
      "x-http-method-override",
    ];
    for (const path of ["/me", "/projects", "/audit"]) {
      const plain = await own.owner.get(path);
      for (const header of headers) {
        for (const value of [organisation, `tenant=${organisation}`]) {
          const reply = await own.owner.with({ [header]: value }).get(path);
          assert.deepEqual([reply.status, reply.body], [200, plain.body], `${header}: ${value}`);
        }
      }
      mustHoldNothing(plain.body, path);
    }
  });

  it("is not moved by cursors and queries", async () => {
    const paths = ["/projects", "/members", `/projects/${own.ids.project}/documents`];
    for (const path of paths) {
      for (const cursor of foreign.cursors) {
        const middle = Math.floor(cursor.length / 2);
        const forged = [
          cursor,
          cursor.slice(0, middle),
          cursor.slice(0, middle) + "A" + cursor.slice(middle + 1),
          btoa(JSON.stringify({ tenant_id: foreign.organisation })),
          "' or 1=1 --",
        ];
        for (const each of forged) {
          const reply = await own.owner.get(`${path}?cursor=${encodeURIComponent(each)}`);
          assert.ok([200, 422].includes(reply.status), `${path} ${each} -> ${reply.status}`);
          mustHoldNothing(reply.body, `${path} ${each}`);
        }
      }
      for (
        const query of [
          "tenant_id",
          "tenant",
          "organisation",
          "where[tenant_id]",
          "table",
          "include",
        ]
      ) {
        const asked = `${path}?${encodeURIComponent(query)}=${foreign.organisation}`;
        const reply = await own.owner.get(asked);
        assert.equal(reply.status, 422, asked);
        mustHoldNothing(reply.body, asked);
      }
    }
  });

  it("is not moved by bodies", async () => {
    const forged: object[] = [
      { tenant_id: foreign.organisation },
      { organisation: foreign.organisation },
      { id: foreign.ids.project },
      { project_id: foreign.ids.project },
      { created_by: foreign.ids.member },
      { constructor: { prototype: { tenant_id: foreign.organisation } } },
    ];
    const routes: [string, string, object][] = [
      ["POST", "/projects", { name: "x" }],
      ["PATCH", `/projects/${own.ids.project}`, { name: "alpha-project" }],
      ["POST", `/projects/${own.ids.project}/documents`, { title: "x", body: "x" }],
      ["PATCH", `/documents/${own.ids.document}`, { title: "x" }],
      ["PATCH", `/members/${own.ids.member}`, { name: "x" }],
      ["POST", "/invitations", { email: "x@x.example" }],
    ];
    for (const [method, path, body] of routes) {
      for (const more of forged) {
        const reply = await own.owner.request(method, path, { ...body, ...more });
        assert.equal(reply.status, 422, `${method} ${path} ${JSON.stringify(more)}`);
      }
      const polluted = JSON.stringify(body).replace("{", `{"__proto__":{"tenant_id":"x"},`);
      const reply = await own.owner.request(method, path, polluted);
      assert.ok(reply.status < 500, `${method} ${path}: ${reply.status}`);
      mustHoldNothing(reply.body, path);
    }
    // Invitations of another cannot be taken by changing the organisation in their token.
    const invited = await own.owner.post("/invitations", { email: "y@x.example" });
    const [, id, secret] = invited.body.token.split(".");
    const token = `${foreign.organisation}.${id}.${secret}`;
    const taken = await test().client.post("/invitations/accept", {
      token,
      name: "x",
      password: "correct horse",
    });
    assert.equal(taken.status, 422);
  });

  it("takes no token but its own", async () => {
    const { client, saas } = test();
    const claims = JSON.parse(
      atob(own.token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")),
    );
    const encode = (value: unknown) =>
      btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const [head, , signature] = own.token.split(".");
    const other = { ...claims, org: foreign.organisation };
    const tokens = [
      `${head}.${encode(other)}.${signature}`,
      `${encode({ alg: "none", typ: "JWT" })}.${encode(other)}.`,
      await sign(other, "another secret than the one of the server", "HS256"),
      await sign({ ...claims, exp: 1 }, saas.config.jwtSecret, "HS256"),
      // Signed by the server, for an organisation that the user is not of: as if one were removed.
      await sign(other, saas.config.jwtSecret, "HS256"),
      await sign({ ...claims, org: null }, saas.config.jwtSecret, "HS256"),
      await sign({ ...claims, org: "nowhere" }, saas.config.jwtSecret, "HS256"),
      "",
      "x",
    ];
    for (const token of tokens) {
      for (
        const path of [
          ...WITHOUT_IDS.map((route) => route.split(" ")[1]!),
          `/projects/${foreign.ids.project}`,
        ]
      ) {
        const reply = await client.with({ authorization: `Bearer ${token}` }).get(path);
        assert.equal(reply.status, 401, `${path} with ${token}`);
        mustHoldNothing(reply.body, path);
      }
    }
  });

  it("holds for somebody who is a member of both", async () => {
    const { client } = test();
    const email = "both@people.example";
    const join = async ({ owner }: Side) => {
      const { token } = (await owner.post("/invitations", { email })).body;
      const reply = await client.post("/invitations/accept", {
        token,
        name: "Both",
        password: "correct horse",
      });
      assert.equal(reply.status, 201, JSON.stringify(reply.body));
      return client.withToken(reply.body.token);
    };
    const inOwn = await join(own);
    const inForeign = await join(foreign);
    untouched = await foreign.snapshot();
    assert.equal((await inForeign.get(`/projects/${foreign.ids.project}`)).status, 200);
    assert.equal((await inOwn.get(`/projects/${foreign.ids.project}`)).status, 404);
    assert.equal((await inOwn.get(`/projects/${own.ids.project}`)).status, 200);
    mustHoldNothing((await inOwn.get("/projects")).body, "/projects");
  });

  it("has changed nothing of another, whatever was tried", async () => {
    assert.equal(await foreign.snapshot(), untouched);
  });
});
