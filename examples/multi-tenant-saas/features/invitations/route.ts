import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { limitLogins } from "../../platform/rate_limits.ts";
import type { Saas } from "../../platform/saas.ts";
import type { Env } from "../accounts/session.ts";
import { accept, invite, listInvitations, presentInvitation, withdraw } from "./queries.ts";
import { Acceptance, NewInvitation } from "./schema.ts";

/** `/invitations`, for admins. */
export function invitationRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/invitations", async (c) => {
      const invitations = await listInvitations(c.get("session").db);
      return c.json({ invitations: invitations.map(presentInvitation) });
    })
    .post("/invitations", async (c) => {
      const input = await readBody(c, NewInvitation);
      const { invitation, token } = await invite(c.get("session"), input);
      return c.json({ invitation: presentInvitation(invitation), token }, 201);
    })
    .delete("/invitations/:id", async (c) => {
      await withdraw(c.get("session").db, c.req.param("id"));
      return c.body(null, 204);
    });
}

/** `/invitations/accept`, for whoever has the token. */
export function acceptanceRoutes(saas: Saas): Hono {
  const limit = limitLogins(saas.config);
  return new Hono().post("/invitations/accept", async (c) => {
    const input = await readBody(c, Acceptance);
    await limit(input.token.split(".")[1] ?? "");
    return c.json({ token: await accept(saas, input) }, 201);
  });
}
