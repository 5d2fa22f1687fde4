import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../testing/with_blog.ts";
import { SAMPLE_PASSWORD, seed } from "./seed.ts";

describeBlog("the samples", (test) => {
  it("fill an empty blog, once, and their writers can sign in", async () => {
    const { blog, client } = test();
    const scrypt = { N: 2 ** 4, r: 8, p: 1 };
    assert.equal(await seed(blog, { scrypt }), true);
    assert.equal(await seed(blog, { scrypt }), false);
    const { body } = await client.get("/articles");
    assert.equal(body.articlesCount, 2);
    const user = { email: "ada@example.org", password: SAMPLE_PASSWORD };
    const { token } = (await client.post("/users/login", { user })).body.user;
    const ada = client.with({ authorization: `Token ${token}` });
    assert.equal((await ada.get("/user/drafts")).body.articles.length, 1);
    assert.equal((await ada.get("/user/deleted")).body.articles.length, 1);
    const { history } = (await ada.get("/articles/what-the-engine-can-do/history")).body;
    assert.equal(history.length, 2);
  });
});
