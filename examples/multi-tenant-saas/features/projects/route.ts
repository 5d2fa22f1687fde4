import { Hono } from "hono";
import { PageQuery, readBody, validate } from "../../platform/body.ts";
import type { Saas } from "../../platform/saas.ts";
import type { Env } from "../accounts/session.ts";
import {
  addToProject,
  changeProject,
  createProject,
  deleteProject,
  getProject,
  listProjects,
  presentProject,
  takeFromProject,
} from "./queries.ts";
import { NewProject, ProjectChanges } from "./schema.ts";

/** `/projects`, and who is in them. */
export function projectRoutes(saas: Saas): Hono<Env> {
  return new Hono<Env>()
    .get("/projects", async (c) => {
      return c.json(await listProjects(c.get("session").db, validate(PageQuery, c.req.query())));
    })
    .post("/projects", async (c) => {
      const project = await createProject(saas, c.get("session"), await readBody(c, NewProject));
      return c.json({ project: presentProject(project) }, 201);
    })
    .get("/projects/:id", async (c) => {
      const project = await getProject(c.get("session").db, c.req.param("id"));
      return c.json({ project: presentProject(project) });
    })
    .patch("/projects/:id", async (c) => {
      const changes = await readBody(c, ProjectChanges);
      const project = await changeProject(c.get("session").db, c.req.param("id"), changes);
      return c.json({ project: presentProject(project) });
    })
    .delete("/projects/:id", async (c) => {
      await deleteProject(c.get("session"), c.req.param("id"));
      return c.body(null, 204);
    })
    .put("/projects/:id/members/:member", async (c) => {
      const { id, member } = c.req.param();
      await addToProject(c.get("session").db, id, member);
      return c.body(null, 204);
    })
    .delete("/projects/:id/members/:member", async (c) => {
      const { id, member } = c.req.param();
      await takeFromProject(c.get("session").db, id, member);
      return c.body(null, 204);
    });
}
