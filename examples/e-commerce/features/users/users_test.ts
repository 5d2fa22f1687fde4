import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../../testing/with_shop.ts";

describeShop("users", (test) => {
  const user = (name: string) => ({
    name,
    email: `${name}@example.org`,
    password: "correct horse",
  });

  it("sign up as customers, whatever they ask for, and sign in", async () => {
    const { client } = test();
    const { status, body } = await client.post("/users", { ...user("ada"), role: "clerk" });
    assert.deepEqual([status, body.role], [201, "customer"]);
    assert.deepEqual(Object.keys(body).sort(), ["email", "name", "role", "token"]);
    const { token } = (await client.post("/users/login", user("ada"))).body;
    const me = await client.with({ authorization: `Bearer ${token}` }).get("/user");
    assert.deepEqual([me.body.name, me.body.points], ["ada", 0]);
    assert.equal((await client.post("/users", user("ada"))).status, 409);
  });

  it("are refused without saying what is wrong, and with a token that is forged", async () => {
    const { client } = test();
    await client.signUp("bob");
    const wrong = [
      { email: "bob@example.org", password: "wrong horse" },
      { email: "nobody@example.org", password: "correct horse" },
    ];
    for (const each of wrong) {
      const { status, body } = await client.post("/users/login", each);
      assert.deepEqual([status, body.errors], [401, { credentials: ["are not valid"] }]);
    }
    const [header, payload] = (await client.post("/users/login", user("bob"))).body.token
      .split(".");
    for (const token of ["", "x.y.z", `${header}.${payload}.`, `${header}.${payload}.AAAA`]) {
      const { status } = await client.with({ authorization: `Bearer ${token}` }).get("/products");
      assert.equal(status, 401, token);
    }
    assert.equal((await client.get("/user")).status, 401);
    for (const bad of [{ email: "x" }, { password: "short" }, { name: " " }]) {
      assert.equal((await client.post("/users", { ...user("eve"), ...bad })).status, 422);
    }
  });

  it("have password hashes that no query of theirs reads", async () => {
    const { shop, client } = test();
    await client.signUp("carol");
    const { id, password_hash } = await shop.system.users.findOneOrThrow({
      where: { name: "carol" },
    });
    assert.match(password_hash, /^scrypt\$/);
    const own = shop.on({ userId: id, role: "customer" });
    assert.deepEqual((await own.users.find()).map(({ id, password_hash }) => [id, password_hash]), [
      [id, null],
    ]);
  });
});
