import { Hono } from "hono";
import { PageQuery, readBody, validate } from "../../platform/body.ts";
import type { Saas } from "../../platform/saas.ts";
import type { Env } from "../accounts/session.ts";
import {
  changeDocument,
  createDocument,
  deleteDocument,
  getDocument,
  historyOf,
  listDocuments,
  presentDocument,
} from "./queries.ts";
import { DocumentChanges, NewDocument } from "./schema.ts";

/** `/projects/:id/documents` and `/documents/:id`. */
export function documentRoutes(saas: Saas): Hono<Env> {
  return new Hono<Env>()
    .get("/projects/:id/documents", async (c) => {
      const page = validate(PageQuery, c.req.query());
      return c.json(await listDocuments(c.get("session").db, c.req.param("id"), page));
    })
    .post("/projects/:id/documents", async (c) => {
      const input = await readBody(c, NewDocument);
      const document = await createDocument(saas, c.get("session"), c.req.param("id"), input);
      return c.json({ document: presentDocument(document) }, 201);
    })
    .get("/documents/:id", async (c) => {
      const document = await getDocument(c.get("session").db, c.req.param("id"));
      return c.json({ document: presentDocument(document) });
    })
    .patch("/documents/:id", async (c) => {
      const changes = await readBody(c, DocumentChanges);
      const document = await changeDocument(c.get("session").db, c.req.param("id"), changes);
      return c.json({ document: presentDocument(document) });
    })
    .delete("/documents/:id", async (c) => {
      await deleteDocument(c.get("session"), c.req.param("id"));
      return c.body(null, 204);
    })
    .get("/documents/:id/history", async (c) => {
      return c.json({ history: await historyOf(c.get("session").db, c.req.param("id")) });
    });
}
