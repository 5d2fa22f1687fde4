import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sign } from "hono/jwt";
import { describeBlog } from "../../testing/with_blog.ts";
import { hashPassword, isPassword } from "./passwords.ts";

const password = "correct horse";

describeBlog("users", (blog) => {
  it("register, log in, and are recognised by both forms of the header", async () => {
    const { client } = blog();
    const user = { username: "ada", email: "ada@example.org", password };
    const registered = await client.post("/users", { user });
    assert.equal(registered.status, 201);
    const { token, ...rest } = registered.body.user;
    assert.deepEqual(rest, { email: user.email, username: "ada", bio: null, image: null });

    const { body } = await client.post("/users/login", { user: { email: user.email, password } });
    assert.deepEqual({ ...body.user, token }, registered.body.user);
    for (const scheme of ["Token", "Bearer"]) {
      const authorization = `${scheme} ${body.user.token}`;
      const { status, body: own } = await client.with({ authorization }).get("/user");
      assert.equal(status, 200);
      assert.equal(own.user.username, "ada");
      assert.equal(own.user.token, body.user.token);
    }
  });

  it("are told what is wrong with each field", async () => {
    const { client } = blog();
    const none = await client.post("/users", { user: {} });
    assert.equal(none.status, 422);
    assert.deepEqual(none.body.errors, {
      username: ["can't be blank"],
      email: ["can't be blank"],
      password: ["can't be blank"],
    });
    const wrong = await client.post("/users", {
      user: { username: 7, email: "nowhere", password: "short7c" },
    });
    assert.deepEqual(wrong.body.errors, {
      username: ["must be text"],
      email: ["is invalid"],
      password: ["is too short (minimum is 8 characters)"],
    });
    assert.deepEqual((await client.post("/users", {})).body.errors, { user: ["can't be blank"] });
  });

  it("cannot take a name or an address that somebody has", async () => {
    const { client } = blog();
    const bob = await client.signUp("bob");
    await client.signUp("carol");
    assert.deepEqual((await bob.put("/user", { user: { username: "carol" } })).body.errors, {
      username: ["has already been taken"],
    });
    assert.deepEqual(
      (await bob.put("/user", { user: { email: "carol@example.org" } })).body.errors,
      { email: ["has already been taken"] },
    );
    // One's own are not a conflict, and letter case counts on every database.
    assert.equal((await bob.put("/user", { user: { username: "bob" } })).status, 200);
    await client.signUp("Carol");
  });

  it("change what they give, and nothing else", async () => {
    const dora = await blog().client.signUp("dora");
    const change = async (user: object) => (await dora.put("/user", { user })).body.user;
    assert.equal((await change({ bio: "Sings", image: "https://example.org/d.png" })).bio, "Sings");
    const cleared = await change({ bio: "", image: null });
    assert.deepEqual([cleared.bio, cleared.image], [null, null]);
    assert.equal((await change({ bio: "Sings" })).image, null);
    assert.equal((await dora.put("/user", { user: {} })).status, 422);
    for (const field of ["username", "email", "password"]) {
      for (const value of ["", null]) {
        const { status, body } = await dora.put("/user", { user: { [field]: value } });
        assert.equal(status, 422);
        assert.deepEqual(body.errors, { [field]: ["can't be blank"] });
      }
    }
    await change({ username: "dora2", email: "dora2@example.org", password: "battery staple" });
    const login = (password: string) =>
      blog().client.post("/users/login", { user: { email: "dora2@example.org", password } });
    assert.equal((await login("battery staple")).status, 200);
    assert.equal((await login(password)).status, 401);
  });

  it("are not told whether an address is known", async () => {
    const { client } = blog();
    await client.signUp("erin");
    const login = (email: string) =>
      client.post("/users/login", { user: { email, password: "wrong horse" } });
    const [known, unknown] = [await login("erin@example.org"), await login("x@example.org")];
    assert.deepEqual([known.status, known.body], [unknown.status, unknown.body]);
  });

  it("need a token that this server has signed, that has not expired, of a user who exists", async () => {
    const { client } = blog();
    const secret = "a secret that only the tests sign with";
    const now = Math.floor(Date.now() / 1000);
    const tokens = [
      await sign({ sub: "1", exp: now + 60 }, "another secret", "HS256"),
      await sign({ sub: "1", exp: now - 60 }, secret, "HS256"),
      await sign({ sub: "1000000", exp: now + 60 }, secret, "HS256"),
      await sign({ exp: now + 60 }, secret, "HS256"),
    ];
    for (const token of tokens) {
      const { status, body } = await client.with({ authorization: `Token ${token}` }).get("/user");
      assert.equal(status, 401);
      assert.deepEqual(body, { errors: { token: ["is invalid"] } });
    }
  });

  it("see nobody else's address, and nobody's password", async () => {
    const { client, blog: { on } } = blog();
    await client.signUp("frank");
    await client.signUp("grace");
    const { id } = await on(null).users.findOneOrThrow({ where: { username: "frank" } });
    const rows = await on(id).users.find({ where: { username: { in: ["frank", "grace"] } } });
    assert.deepEqual(
      rows.map(({ email, password_hash }) => [email, password_hash]),
      [["frank@example.org", null], [null, null]],
    );
    // Not even by asking who has it.
    assert.equal(await on(id).users.exists({ where: { email: "grace@example.org" } }), false);
  });
});

describe("passwords", () => {
  it("are hashed with a salt of their own, and recognised", async () => {
    const cost = { N: 2 ** 4, r: 8, p: 1 };
    const [one, other] = [await hashPassword("pass", cost), await hashPassword("pass", cost)];
    assert.notEqual(one, other);
    assert.equal(await isPassword("pass", one), true);
    assert.equal(await isPassword("Pass", one), false);
    await assert.rejects(isPassword("pass", "md5$x"), /another format/);
  });
});
