import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { mustExist, notFound, unauthorized } from "../../platform/errors.ts";
import { limitLogins } from "../../platform/rate_limits.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { toIso } from "../../platform/schema.ts";
import { userOf } from "../accounts/queries.ts";
import { asProgram, bearerOf, type Env } from "../accounts/session.ts";
import { createToken, readToken } from "../accounts/tokens.ts";
import { Impersonation, SupportLogin } from "./schema.ts";

/** `/support`: staff signs in, and acts as a member for a quarter of an hour, with a reason. */
export function supportRoutes(saas: Saas): Hono {
  const { config, control, router } = saas;
  const logins = limitLogins(config);
  return new Hono()
    .post("/support/login", async (c) => {
      const { email, password } = await readBody(c, SupportLogin);
      await logins(email);
      const user = await userOf(saas, email, password);
      if (user.is_support !== 1) throw unauthorized("The address or the password is wrong");
      const claims = { user: user.id, organisation: null };
      return c.json({ token: await createToken(claims, config.jwtSecret) });
    })
    .post("/support/impersonate", async (c) => {
      const claims = await readToken(bearerOf(c), config.jwtSecret);
      // A member who impersonates somebody is not a member of the staff.
      const staff = claims === null || claims.organisation !== null ? undefined : await control
        .selectFrom("users").select("id").where("id", "=", claims.user).where("is_support", "=", 1)
        .executeTakeFirst();
      if (staff === undefined) throw notFound();
      const input = await readBody(c, Impersonation);
      const { id: organisation } = mustExist(
        await control.selectFrom("organisations").select("id").where(
          "slug",
          "=",
          input.organisation,
        )
          .where("state", "!=", "provisioning").executeTakeFirst(),
      );
      const user = await router.run(organisation, async (executor) => {
        const program = asProgram(executor as unknown as Db, organisation);
        const member = mustExist(
          await program.selectFrom("members").select(["id", "user_id"])
            .where("id", "=", input.member).where("erased_at", "is", null).executeTakeFirst(),
        );
        await program.insertInto("impersonations").values({
          id: crypto.randomUUID(),
          support_user: staff.id,
          member_id: member.id,
          reason: input.reason,
          created_at: new Date().toISOString(),
        }).execute();
        return member.user_id;
      });
      const acting = { user, organisation, impersonator: staff.id };
      return c.json({ token: await createToken(acting, config.jwtSecret) }, 201);
    });
}

/** `/impersonations`: who of the staff acted as a member, for the organisation's admins. */
export function impersonationRoutes(): Hono<Env> {
  return new Hono<Env>().get("/impersonations", async (c) => {
    const rows = await c.get("session").db.selectFrom("impersonations").selectAll()
      .orderBy("created_at", "desc").limit(100).execute();
    return c.json({
      impersonations: rows.map(({ id, support_user, member_id, reason, created_at }) => ({
        id,
        supportUser: support_user,
        member: member_id,
        reason,
        at: toIso(created_at),
      })),
    });
  });
}
