import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../../testing/with_blog.ts";

describeBlog("comments", (blog) => {
  it("are added, listed in their order, deleted and restored", async () => {
    const { client } = blog();
    const ada = await client.signUp("ada");
    const bob = await client.signUp("bob");
    const path = `/articles/${await ada.write("Notes")}/comments`;
    const ids: number[] = [];
    for (const body of ["First", "Second"]) {
      const { body: { comment } } = await bob.post(path, { comment: { body } });
      assert.equal(comment.author.username, "bob");
      ids.push(comment.id);
    }
    const texts = async () =>
      (await client.get(path)).body.comments.map(({ body }: { body: string }) => body);
    assert.deepEqual(await texts(), ["First", "Second"]);

    assert.equal((await bob.delete(`${path}/${ids[0]}`)).status, 204);
    assert.deepEqual(await texts(), ["Second"]);
    assert.equal((await ada.post(`${path}/${ids[0]}/restore`)).status, 404);
    const restored = await bob.post(`${path}/${ids[0]}/restore`);
    assert.equal(restored.status, 200, JSON.stringify(restored.body));
    assert.equal(restored.body.comment.body, "First");
    assert.deepEqual(await texts(), ["First", "Second"]);
    assert.equal((await bob.post(`${path}/${ids[0]}/restore`)).status, 404);
  });

  it("are deleted by those who wrote them, under the article that they belong to", async () => {
    const { client } = blog();
    const carol = await client.signUp("carol");
    const dora = await client.signUp("dora");
    const [one, other] = [await carol.write("One"), await carol.write("Other")];
    const { body } = await dora.post(`/articles/${one}/comments`, { comment: { body: "Hello" } });
    const { id } = body.comment;
    // Not even by the author of the article.
    assert.equal((await carol.delete(`/articles/${one}/comments/${id}`)).status, 403);
    for (const wrong of [`${other}/comments/${id}`, `${one}/comments/99999999999`]) {
      const reply = await dora.delete(`/articles/${wrong}`);
      assert.deepEqual([reply.status, reply.body.errors], [404, { comment: ["not found"] }]);
    }
    assert.equal((await client.get(`/articles/${one}/comments`)).body.comments.length, 1);
  });

  it("cannot be written in the name of another, nor under a draft of another", async () => {
    const { client, blog: { on } } = blog();
    await client.signUp("erin");
    const frank = await client.signUp("frank");
    const { users } = on(null);
    const erin = (await users.findOneOrThrow({ where: { username: "erin" } })).id;
    const franks = (await users.findOneOrThrow({ where: { username: "frank" } })).id;
    const find = async (slug: string) =>
      (await on(franks).articles.findOneOrThrow({ where: { slug } })).id;
    const published = await find(await frank.write("Public"));
    const draft = await find(await frank.write("Private", { draft: true }));
    const row = { article_id: published, author_id: franks, body: "x" };
    await assert.rejects(on(erin).comments.create(row), { name: "RLSPolicyViolation" });
    await assert.rejects(
      on(erin).comments.create({ ...row, article_id: draft, author_id: erin }),
      { name: "RLSPolicyViolation" },
    );
  });
});
