import assert from "node:assert/strict";
import { it } from "node:test";
import { OPERATIONS } from "./testing/conduit.ts";
import { describeBlog } from "./testing/with_blog.ts";

/**
 * Calls every operation for every status that the specification has for it. The client compares the
 * bodies with the specification; the tests of the features look at what the values mean.
 */
describeBlog("the API", (test) => {
  it("has every operation of Conduit, with every status and shape", async () => {
    const { client } = test();
    const forged = client.with({ authorization: "Token forged" });
    const ada = await client.signUp("ada");
    const bob = await client.signUp("bob");
    const login = (email: string, password: string) =>
      client.post("/users/login", { user: { email, password } });

    await login("ada@example.org", "correct horse");
    await login("ada@example.org", "wrong horse");
    await login("", "correct horse");
    await client.post("/users", {
      user: { username: "ada", email: "other@example.org", password: "correct horse" },
    });
    await client.post("/users", {
      user: { username: "other", email: "ada@example.org", password: "correct horse" },
    });
    await client.post("/users", { user: { username: "", email: "", password: "" } });

    await ada.get("/user");
    await client.get("/user");
    await ada.put("/user", { user: { bio: "Mathematician" } });
    await client.put("/user", { user: { bio: "" } });
    await ada.put("/user", { user: { username: "bob" } });
    await ada.put("/user", { user: { email: null } });

    await client.get("/profiles/ada");
    await forged.get("/profiles/ada");
    await client.get("/profiles/nobody");
    for (const method of ["POST", "DELETE"]) {
      await ada.request(method, "/profiles/bob/follow");
      await client.request(method, "/profiles/bob/follow");
      await ada.request(method, "/profiles/nobody/follow");
    }

    const slug = await ada.write("Notes");
    await ada.write("Sketch");
    await client.post("/articles", { article: {} });
    await ada.post("/articles", { article: { title: "Notes", description: "d", body: "b" } });
    await ada.post("/articles", { article: { title: "", description: "d", body: "b" } });
    await client.get("/articles");
    await forged.get("/articles");
    await client.get("/articles?limit=none");
    await ada.get("/articles/feed");
    await client.get("/articles/feed");
    await ada.get("/articles/feed?offset=-1");
    await client.get(`/articles/${slug}`);
    await client.get("/articles/none");

    const changes = { article: { body: "More" } };
    await ada.put(`/articles/${slug}`, changes);
    await client.put(`/articles/${slug}`, changes);
    await bob.put(`/articles/${slug}`, changes);
    await ada.put("/articles/none", changes);
    await ada.put(`/articles/${slug}`, { article: { title: "Sketch" } });
    await ada.put(`/articles/${slug}`, { article: { tagList: null } });

    const comments = `/articles/${slug}/comments`;
    const { body } = await ada.post(comments, { comment: { body: "First" } });
    await client.post(comments, { comment: { body: "First" } });
    await ada.post("/articles/none/comments", { comment: { body: "First" } });
    await ada.post(comments, { comment: { body: " " } });
    await client.get(comments);
    await forged.get(comments);
    await client.get("/articles/none/comments");
    await client.delete(`${comments}/${body.comment.id}`);
    await bob.delete(`${comments}/${body.comment.id}`);
    await ada.delete(`${comments}/${body.comment.id}`);
    await ada.delete(`${comments}/${body.comment.id}`);

    for (const method of ["POST", "DELETE"]) {
      await bob.request(method, `/articles/${slug}/favorite`);
      await client.request(method, `/articles/${slug}/favorite`);
      await bob.request(method, "/articles/none/favorite");
    }
    await client.get("/tags");
    await client.delete(`/articles/${slug}`);
    await bob.delete(`/articles/${slug}`);
    await ada.delete(`/articles/${slug}`);
    await ada.delete(`/articles/${slug}`);

    const specified = OPERATIONS.flatMap(({ method, path, responses }) =>
      Object.keys(responses).map((status) => `${method} ${path} ${status}`)
    );
    assert.deepEqual(specified.filter((response) => !client.seen.has(response)), []);
  });

  it("responds in JSON to an unknown route, and to a body that is not JSON or too large", async () => {
    const { client } = test();
    const nowhere = await client.get("/nowhere");
    assert.equal(nowhere.status, 404);
    assert.deepEqual(nowhere.body, { errors: { route: ["not found"] } });

    const broken = await client.post("/users", "{");
    assert.equal(broken.status, 422);
    assert.deepEqual(broken.body, { errors: { request: ["must be JSON"] } });

    const large = await client.post("/users", JSON.stringify("x".repeat(2_000_000)));
    assert.equal(large.status, 422);
    assert.deepEqual(large.body, { errors: { request: ["is too large"] } });
  });

  it("lets pages of other origins call it", async () => {
    const { headers } = await test().client.with({ origin: "https://example.org" }).get("/tags");
    assert.equal(headers.get("access-control-allow-origin"), "*");
  });
});
