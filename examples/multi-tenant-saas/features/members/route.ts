import { Hono } from "hono";
import { PageQuery, readBody, validate } from "../../platform/body.ts";
import type { Saas } from "../../platform/saas.ts";
import type { Env } from "../accounts/session.ts";
import { eraseMember } from "./erase.ts";
import { changeMember, getMember, listMembers, presentMember, removeMember } from "./queries.ts";
import { MemberChanges } from "./schema.ts";

/** `/me` and `/members`. */
export function memberRoutes(saas: Saas): Hono<Env> {
  return new Hono<Env>()
    .get("/me", async (c) => {
      const { db, member, impersonator } = c.get("session");
      return c.json({
        member: presentMember(await getMember(db, member.id)),
        impersonated: impersonator !== undefined,
      });
    })
    .get("/members", async (c) => {
      return c.json(await listMembers(c.get("session").db, validate(PageQuery, c.req.query())));
    })
    .get("/members/:id", async (c) => {
      const member = await getMember(c.get("session").db, c.req.param("id"));
      return c.json({ member: presentMember(member) });
    })
    .patch("/members/:id", async (c) => {
      const changes = await readBody(c, MemberChanges);
      const member = await changeMember(c.get("session").db, c.req.param("id"), changes);
      return c.json({ member: presentMember(member) });
    })
    .delete("/members/:id", async (c) => {
      await removeMember(saas, c.get("session"), c.req.param("id"));
      return c.body(null, 204);
    })
    .post("/members/:id/erase", async (c) => {
      return c.json(await eraseMember(saas, c.get("session"), c.req.param("id")));
    });
}
