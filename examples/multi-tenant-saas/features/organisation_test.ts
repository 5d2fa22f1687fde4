/** A walk through an organisation: what members, admins and the staff may do. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { describeSaas } from "../testing/start_saas.ts";

describeSaas("an organisation", ["row", "schema", "database"], (test) => {
  it("has members with roles, and keeps addresses from colleagues", async () => {
    const owner = await test().client.signUp("roles");
    const admin = await owner.invite("Ann", "admin");
    const member = await owner.invite("Max", "member");
    const viewer = await owner.invite("Vic", "viewer");
    const seen = async (client: typeof owner) => (await client.get("/members")).body.members;
    assert.deepEqual((await seen(owner)).map(({ name }: any) => name), [
      "Owner of roles",
      "Ann",
      "Max",
      "Vic",
    ]);
    assert.ok((await seen(admin)).every(({ email }: any) => email !== null));
    const others = (await seen(member)).filter(({ name }: any) => name !== "Max");
    assert.deepEqual([...new Set(others.map(({ email }: any) => email))], [null]);
    const me = (await member.get("/me")).body.member;
    assert.match(me.email, /^max-/);

    assert.equal((await member.patch(`/members/${me.id}`, { phone: "+1 555" })).status, 200);
    assert.equal((await member.patch(`/members/${me.id}`, { role: "admin" })).status, 403);
    const [first] = await seen(owner);
    assert.equal((await member.patch(`/members/${first.id}`, { name: "x" })).status, 403);
    assert.equal((await admin.patch(`/members/${first.id}`, { role: "viewer" })).status, 403);
    assert.equal((await viewer.post("/projects", { name: "x" })).status, 403);
    assert.equal((await member.post("/invitations", { email: "a@b.example" })).status, 403);
    assert.deepEqual((await member.get("/invitations")).body.invitations, []);
    assert.equal((await admin.patch(`/members/${me.id}`, { role: "viewer" })).status, 200);
    assert.equal((await member.post("/projects", { name: "x" })).status, 403);
    assert.equal((await admin.delete(`/members/${me.id}`)).status, 204);
    assert.equal((await member.get("/me")).status, 401);
    assert.equal((await admin.delete(`/members/${first.id}`)).status, 409);
  });

  it("has projects for all, and private ones for their members", async () => {
    const owner = await test().client.signUp("projects");
    const max = await owner.invite("Max", "member");
    const mia = await owner.invite("Mia", "member");
    const created = await max.post("/projects", { name: "Secret", private: true });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.project;
    const document = await max.post(`/projects/${id}/documents`, { title: "Plan", body: "One" });
    assert.equal(document.status, 201, JSON.stringify(document.body));
    const path = `/documents/${document.body.document.id}`;
    for (
      const hidden of [`/projects/${id}`, `/projects/${id}/documents`, path, `${path}/history`]
    ) {
      assert.equal((await mia.get(hidden)).status, 404, hidden);
      assert.equal((await max.get(hidden)).status, 200, hidden);
    }
    assert.equal(
      (await mia.post(`/projects/${id}/documents`, { title: "x", body: "" })).status,
      404,
    );
    assert.equal((await mia.patch(path, { title: "x" })).status, 404);
    assert.deepEqual((await mia.get("/projects")).body.projects, []);
    const other = (await mia.get("/me")).body.member.id;
    assert.equal((await max.put(`/projects/${id}/members/${other}`)).status, 403);
    assert.equal((await owner.put(`/projects/${id}/members/${other}`)).status, 204);
    assert.equal((await mia.get(path)).body.document.body, "One");
    assert.equal((await mia.patch(path, { body: "Two" })).status, 200);
    const { history } = (await max.get(`${path}/history`)).body;
    assert.deepEqual(history.map(({ operation, by }: any) => [operation, by === other]), [
      ["UPDATE", true],
      ["INSERT", false],
    ]);
    assert.ok(history[0].changed.includes("body"));
    assert.equal((await owner.delete(`/projects/${id}/members/${other}`)).status, 204);
    assert.equal((await mia.get(path)).status, 404);
    assert.equal((await mia.delete(`/projects/${id}`)).status, 404);
    assert.equal((await max.delete(`/projects/${id}`)).status, 204);
    assert.equal((await owner.get(path)).status, 404);
  });

  it("has what its plan allows, however many ask at once", async () => {
    const owner = await test().client.signUp("limits");
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => owner.post("/projects", { name: `p${i}` })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [
      ...Array.from({ length: 3 }, () => 201),
      ...Array.from({ length: 5 }, () => 402),
    ]);
    assert.equal((await owner.get("/projects")).body.projects.length, 3);
    const { usage } = (await owner.get("/usage")).body;
    assert.deepEqual(usage.find(({ metric }: any) => metric === "projects"), {
      metric: "projects",
      used: 3,
      limit: 3,
    });
    const [{ id }] = (await owner.get("/projects")).body.projects;
    assert.equal((await owner.delete(`/projects/${id}`)).status, 204);
    assert.equal((await owner.post("/projects", { name: "again" })).status, 201);
  });

  it("takes an invitation once", async () => {
    const { client } = test();
    const owner = await client.signUp("invitations");
    const invited = await owner.post("/invitations", { email: "Una@People.example" });
    const acceptance = { token: invited.body.token, name: "Una", password: "correct horse" };
    assert.equal(JSON.stringify(invited.body.invitation).includes("hash"), false);
    const [organisation, id] = acceptance.token.split(".");
    for (const token of [`${organisation}.${id}.${crypto.randomUUID()}`, "", "a.b.c", id]) {
      assert.equal(
        (await client.post("/invitations/accept", { ...acceptance, token })).status,
        422,
      );
    }
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => client.post("/invitations/accept", acceptance)),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [
      201,
      ...Array.from({ length: 7 }, () => 422),
    ]);
    assert.equal((await client.post("/invitations/accept", acceptance)).status, 422);
    const login = {
      organisation: "invitations",
      email: "una@people.example",
      password: "correct horse",
    };
    assert.equal((await client.post("/login", login)).status, 200);
    for (
      const wrong of [{ password: "wrong horse" }, { organisation: "nowhere" }, {
        email: "no@people.example",
      }]
    ) {
      assert.equal((await client.post("/login", { ...login, ...wrong })).status, 401);
    }
    assert.equal(
      (await client.post("/signup", {
        organisation: "x",
        slug: "invitations",
        name: "x",
        email: "x@people.example",
        password: "correct horse",
      })).status,
      409,
    );
  });

  it("keeps an account for as long as an organisation uses it", async () => {
    const { client, saas } = test();
    const email = "ida@people.example";
    const password = "correct horse";
    const slugs = ["first", "second", "third"];
    const owners = await Promise.all(slugs.map((slug) => client.signUp(slug)));
    const tokens = await Promise.all(
      owners.map(async (owner) => (await owner.post("/invitations", { email })).body.token),
    );
    // The account is created by one of these, and used by all.
    const accepted = await Promise.all(
      tokens.flatMap((token) => [token, token]).map((token) =>
        client.post("/invitations/accept", { token, name: "Ida", password })
      ),
    );
    assert.deepEqual(accepted.map(({ status }) => status).sort(), [201, 201, 201, 422, 422, 422]);
    const signIn = async (organisation: string) =>
      (await client.post("/login", { organisation, email, password })).status;
    const [first, second, third] = await Promise.all(
      owners.map(async (owner) =>
        (await owner.get("/members")).body.members.find((member: any) => member.email === email).id
      ),
    );
    for (const slug of slugs) assert.equal(await signIn(slug), 200, slug);
    assert.equal((await owners[0]!.post(`/members/${first}/erase`)).status, 200);
    assert.equal((await owners[1]!.delete(`/members/${second}`)).status, 204);
    assert.deepEqual(await Promise.all(slugs.map(signIn)), [401, 401, 200]);
    assert.equal((await owners[2]!.post(`/members/${third}/erase`)).status, 200);
    assert.equal(await signIn("third"), 401);
    const account = await saas.control.selectFrom("users").select("id").where("email", "=", email)
      .executeTakeFirst();
    assert.equal(account, undefined);
  });

  it("sees what the support staff did as one of its members", async () => {
    const { client, saas } = test();
    const owner = await client.signUp("supported");
    const { id } = (await owner.get("/me")).body.member;
    // Somebody signs up, and is made one of the staff.
    const staffOrganisation = await client.signUp("staff");
    await saas.control.updateTable("users").set({ is_support: 1 })
      .where("email", "=", "owner@staff.example").execute();
    const login = { email: "owner@staff.example", password: "correct horse" };
    const staff = client.withToken((await client.post("/support/login", login)).body.token);
    const request = { organisation: "supported", member: id, reason: "Ticket 7" };
    for (const nobody of [owner, staffOrganisation]) {
      assert.equal((await nobody.post("/support/impersonate", request)).status, 404);
    }
    assert.equal((await staff.get("/members")).status, 401);
    assert.equal(
      (await staff.post("/support/impersonate", { ...request, reason: " " })).status,
      422,
    );
    const acted = await staff.post("/support/impersonate", request);
    assert.equal(acted.status, 201, JSON.stringify(acted.body));
    const acting = client.withToken(acted.body.token);
    assert.equal((await acting.get("/me")).body.impersonated, true);
    assert.equal((await acting.post("/projects", { name: "Repaired" })).status, 201);
    const { impersonations } = (await owner.get("/impersonations")).body;
    assert.deepEqual(impersonations.map(({ reason, member }: any) => [reason, member]), [
      ["Ticket 7", id],
    ]);
    const { entries } = (await owner.get("/audit?table=projects")).body;
    assert.equal(entries[0].by, id);
    assert.equal(entries[0].impersonator, impersonations[0].supportUser);
    // A token of an impersonation is not one of the staff.
    assert.equal((await acting.post("/support/impersonate", request)).status, 404);
  });

  it("exports its audit log, and erases a person from rows and log", async () => {
    const { client, saas } = test();
    const owner = await client.signUp("erasure");
    const max = await owner.invite("Maximilian", "member");
    const { id, email } = (await max.get("/me")).body.member;
    await max.patch(`/members/${id}`, { phone: "+49 30 1234" });
    const { id: project } = (await max.post("/projects", { name: "His" })).body.project;
    assert.equal((await max.get("/audit/export")).status, 403);
    const before = await owner.get("/audit/export");
    assert.match(before.headers.get("content-disposition")!, /audit\.ndjson/);
    for (const personal of ["Maximilian", email, "+49 30 1234"]) {
      assert.ok(before.body.includes(personal), personal);
    }
    assert.equal(before.body.includes("token_hash"), false);
    const lines = before.body.trim().split("\n").map((line: string) => JSON.parse(line));
    assert.equal((await max.post(`/members/${id}/erase`)).status, 403);
    const erased = await owner.post(`/members/${id}/erase`);
    assert.equal(erased.status, 200, JSON.stringify(erased.body));
    assert.equal(erased.body.rows, 2);
    const after = await owner.get("/audit/export");
    for (const personal of ["Maximilian", email, "+49 30 1234"]) {
      assert.equal(after.body.includes(personal), false, personal);
    }
    const left = after.body.trim().split("\n").map((line: string) => JSON.parse(line));
    assert.ok(left.length >= lines.length);
    assert.equal((await max.get("/me")).status, 401);
    assert.equal((await owner.get(`/members/${id}`)).body.member.name, "Erased");
    assert.equal((await owner.get(`/projects/${project}`)).body.project.createdBy, id);
    const account = await saas.control.selectFrom("users").select("id").where("email", "=", email)
      .executeTakeFirst();
    assert.equal(account, undefined);
  });
});
