import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../../testing/with_blog.ts";

describeBlog("the feed", (blog) => {
  it("has the articles of those whom the caller follows, the newest first", async () => {
    const { client } = blog();
    const ada = await client.signUp("ada");
    const bob = await client.signUp("bob");
    const carol = await client.signUp("carol");
    await bob.write("Bob 1");
    await carol.write("Carol 1");
    await bob.write("Bob 2");
    await bob.write("Bob's draft", { draft: true });
    await ada.write("Ada 1");
    const feed = async (query = "") => {
      const { body } = await ada.get(`/articles/feed${query}`);
      return { ...body, articles: body.articles.map(({ title }: { title: string }) => title) };
    };
    assert.deepEqual(await feed(), { articles: [], articlesCount: 0 });

    await ada.post("/profiles/bob/follow");
    assert.deepEqual(await feed(), { articles: ["Bob 2", "Bob 1"], articlesCount: 2 });
    assert.deepEqual(await feed("?limit=1&offset=1"), { articles: ["Bob 1"], articlesCount: 2 });
    const first = await feed("?limit=1&cursor=");
    assert.deepEqual(first.articles, ["Bob 2"]);
    assert.deepEqual(await feed(`?limit=1&cursor=${encodeURIComponent(first.nextCursor)}`), {
      articles: ["Bob 1"],
      nextCursor: null,
    });

    const { body } = await ada.get("/articles/feed");
    assert.equal(body.articles[0].author.following, true);
    await ada.delete("/profiles/bob/follow");
    assert.equal((await feed()).articlesCount, 0);
  });
});
