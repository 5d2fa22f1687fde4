import { Hono } from "hono";
import { readBody, validate } from "../../platform/body.ts";
import { clerksOnly, type Env } from "../users/sessions.ts";
import {
  changeProduct,
  createProduct,
  findProduct,
  historyOf,
  listProducts,
  type Product,
  restoreProduct,
  withdrawProduct,
} from "./queries.ts";
import { NewProduct, ProductChanges, ProductQuery } from "./schema.ts";

/** `/products`. */
export function catalogueRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/products", async (c) => {
      const query = validate(ProductQuery, c.req.query());
      const { data, nextCursor } = await listProducts(c.get("store"), query);
      return c.json({ products: data.map(present), nextCursor });
    })
    .post("/products", clerksOnly, async (c) => {
      const product = await createProduct(c.get("store"), await readBody(c, NewProduct));
      return c.json({ product: present(product) }, 201);
    })
    .get(
      "/products/:sku",
      async (c) =>
        c.json({ product: present(await findProduct(c.get("store"), c.req.param("sku"))) }),
    )
    .patch("/products/:sku", clerksOnly, async (c) => {
      const changes = await readBody(c, ProductChanges);
      const product = await changeProduct(c.get("store"), c.req.param("sku"), changes);
      return c.json({ product: present(product) });
    })
    .delete("/products/:sku", clerksOnly, async (c) => {
      await withdrawProduct(c.get("store"), c.req.param("sku"));
      return c.body(null, 204);
    })
    .post(
      "/products/:sku/restore",
      clerksOnly,
      async (c) =>
        c.json({ product: present(await restoreProduct(c.get("store"), c.req.param("sku"))) }),
    )
    .get(
      "/products/:sku/history",
      clerksOnly,
      async (c) => c.json({ history: await historyOf(c.get("store"), c.req.param("sku")) }),
    );
}

function present({ sku, name, description, price, stock }: Product) {
  return { sku, name, description, price, inStock: stock?.on_hand ?? 0 };
}
