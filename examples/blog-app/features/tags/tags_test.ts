import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../../testing/with_blog.ts";

describeBlog("tags", (blog) => {
  it("are listed, the most used first", async () => {
    const { client } = blog();
    assert.deepEqual((await client.get("/tags")).body.tags, []);
    const ada = await client.signUp("ada");
    await ada.write("One", { tagList: ["engines"] });
    await ada.write("Two", { tagList: ["notes", "engines", "algebra"] });
    assert.deepEqual((await client.get("/tags")).body.tags, ["engines", "algebra", "notes"]);
  });

  it("are set by nobody but the author of the article", async () => {
    const { client, blog: { on } } = blog();
    const bob = await client.signUp("bob");
    await client.signUp("carol");
    const slug = await bob.write("Bob's", { tagList: ["own"] });
    const { id } = await on(null).articles.findOneOrThrow({ where: { slug } });
    const carol = await on(null).users.findOneOrThrow({ where: { username: "carol" } });
    const { tags } = on(carol.id);
    await assert.rejects(tags.create({ article_id: id, tag: "spam", position: 1 }), {
      name: "RLSPolicyViolation",
    });
    assert.equal(await tags.deleteWhere({ article_id: id }), 0);
    assert.deepEqual((await client.get(`/articles/${slug}`)).body.article.tagList, ["own"]);
  });
});
