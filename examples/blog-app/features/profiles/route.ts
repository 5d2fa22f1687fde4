import { Hono } from "hono";
import { type Env, signedIn } from "../users/sessions.ts";
import { findProfile, follow, type Profile, unfollow } from "./queries.ts";

/** `/profiles/:username`, and whether the caller follows it. */
export function profileRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/profiles/:username", async (c) => {
      return c.json(present(await findProfile(c.get("store"), c.req.param("username"))));
    })
    .post("/profiles/:username/follow", signedIn, async (c) => {
      const profile = await findProfile(c.get("store"), c.req.param("username"));
      await follow(c.get("store"), profile.id);
      return c.json(present({ ...profile, following: true }));
    })
    .delete("/profiles/:username/follow", signedIn, async (c) => {
      const profile = await findProfile(c.get("store"), c.req.param("username"));
      await unfollow(c.get("store"), profile.id);
      return c.json(present({ ...profile, following: false }));
    });
}

function present({ username, bio, image, following }: Profile) {
  return { profile: { username, bio, image, following } };
}
