import assert from "node:assert/strict";
import { it } from "node:test";
import { describeBlog } from "../../testing/with_blog.ts";

describeBlog("profiles", (blog) => {
  it("show whether the caller follows them", async () => {
    const { client } = blog();
    const ada = await client.signUp("ada");
    const bob = await client.signUp("bob");
    const following = async (who: typeof ada) =>
      (await who.get("/profiles/bob")).body.profile.following;

    assert.equal((await ada.post("/profiles/bob/follow")).body.profile.following, true);
    assert.equal((await ada.post("/profiles/bob/follow")).body.profile.following, true);
    assert.deepEqual([await following(ada), await following(bob), await following(client)], [
      true,
      false,
      false,
    ]);
    assert.equal((await ada.delete("/profiles/bob/follow")).body.profile.following, false);
    assert.equal((await ada.delete("/profiles/bob/follow")).body.profile.following, false);
    assert.equal(await following(ada), false);
  });

  it("are followed by nobody in the name of another", async () => {
    const { client, blog: { on } } = blog();
    await client.signUp("carol");
    await client.signUp("dora");
    const { users } = on(null);
    const carol = await users.findOneOrThrow({ where: { username: "carol" } });
    const dora = await users.findOneOrThrow({ where: { username: "dora" } });
    await assert.rejects(
      on(carol.id).follows.create({ follower_id: dora.id, followed_id: carol.id }),
      { name: "RLSPolicyViolation" },
    );
  });
});
