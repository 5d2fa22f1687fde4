import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../../testing/with_blog.ts";

describeBlog("favorites", (blog) => {
  it("are counted once for each user, and shown to each as their own", async () => {
    const { client } = blog();
    const ada = await client.signUp("ada");
    const bob = await client.signUp("bob");
    const slug = await ada.write("Notes");
    const seenBy = async (who: typeof ada) => {
      const { favorited, favoritesCount } = (await who.get(`/articles/${slug}`)).body.article;
      return [favorited, favoritesCount];
    };
    await ada.post(`/articles/${slug}/favorite`);
    await ada.post(`/articles/${slug}/favorite`);
    const { body } = await bob.post(`/articles/${slug}/favorite`);
    assert.deepEqual([body.article.favorited, body.article.favoritesCount], [true, 2]);
    await ada.delete(`/articles/${slug}/favorite`);
    await ada.delete(`/articles/${slug}/favorite`);
    assert.deepEqual(await Promise.all([ada, bob, client].map(seenBy)), [
      [false, 1],
      [true, 1],
      [false, 1],
    ]);
  });

  it("of many users at once are all counted", async () => {
    const { client } = blog();
    const carol = await client.signUp("carol");
    const slug = await carol.write("Popular");
    const fans = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => client.signUp(`fan${i}`)));
    await Promise.all(
      [...fans, ...fans].map((fan) => fan.post(`/articles/${slug}/favorite`)),
    );
    const { body } = await client.get(`/articles/${slug}`);
    assert.equal(body.article.favoritesCount, 6);
  });
});
