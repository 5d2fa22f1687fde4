import { type AuditOperation, diff, getAuditLogs } from "@kysera/audit";
import { onlyDeleted } from "@kysera/soft-delete";
import { notFound, uniqueOr409 } from "../../platform/errors.ts";
import { given } from "../../platform/given.ts";
import { type Paged, readPage } from "../../platform/paging.ts";
import { toIso } from "../../platform/schema.ts";
import type { Store } from "../../platform/shop.ts";
import type { NewProduct, ProductChanges, ProductQuery } from "./schema.ts";

/** Columns with a unique key, and what the API calls them. */
const UNIQUE = { sku: "sku" };
/** The most entries that are shown of a product. */
const HISTORY_LIMIT = 100;
/** The columns that a reader of the history wants to see. */
const SHOWN = new Set(["sku", "name", "description", "price", "deleted_at"]);

/** A product, as the shop shows it. */
export interface Product {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  /** In cents. */
  readonly price: number;
  readonly stock: { readonly on_hand: number } | null;
}

/** Lists products by name. */
export async function listProducts(
  { products }: Store,
  query: ProductQuery,
): Promise<Paged<Product>> {
  return await readPage(query, (part) =>
    products.paginateCursor({
      where: query.search ? { name: { contains: query.search } } : {},
      include: { stock: true },
      orderBy: [{ column: "name" }, { column: "id" }],
      ...part,
    }));
}

/**
 * Finds a product that is on sale.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function findProduct({ products }: Store, sku: string): Promise<Product> {
  const product = await products.findOne({ where: { sku }, include: { stock: true } });
  if (product === null) throw notFound("product");
  return product;
}

/**
 * Adds a product to the catalogue. There is none of it in stock yet.
 *
 * @throws {ApiError} 409 if there is a product of this number
 */
export async function createProduct(store: Store, product: NewProduct): Promise<Product> {
  await uniqueOr409(UNIQUE, () =>
    store.all([
      { key: "product", build: (db) => db.insertInto("products").values(product) },
      {
        key: "stock",
        rows: 1,
        build: (db) =>
          db.insertInto("stock").columns(["product_id", "on_hand"]).expression((eb) =>
            eb.selectFrom("products").select((eb) => ["id", eb.val(0).as("on_hand")])
              .where("sku", "=", product.sku)
          ),
      },
    ]));
  return await findProduct(store, product.sku);
}

/**
 * Changes a product. Orders keep the price that they were placed at.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function changeProduct(
  store: Store,
  sku: string,
  changes: ProductChanges,
): Promise<Product> {
  const { id } = await findProduct(store, sku);
  await store.products.update(id, given(changes));
  return await findProduct(store, sku);
}

/**
 * Withdraws a product from sale: carts and the catalogue show it no more, orders still do.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function withdrawProduct(store: Store, sku: string): Promise<void> {
  await store.products.softDelete((await findProduct(store, sku)).id);
}

/**
 * Puts the product of this number that was withdrawn last on sale again.
 *
 * @throws {ApiError} 404 if there is none; 409 if there is another product of this number by now
 */
export async function restoreProduct(store: Store, sku: string): Promise<Product> {
  const { products, executor } = store;
  const product = await products.on(onlyDeleted(executor)).findOne({
    where: { sku },
    orderBy: "deleted_at",
    orderDirection: "desc",
  });
  if (product === null) throw notFound("product");
  await uniqueOr409(UNIQUE, () => products.restore(product.id));
  return await findProduct(store, sku);
}

/** One change of a product. */
export interface Revision {
  readonly operation: AuditOperation;
  readonly at: string;
  /** The id of whoever did it; null where it is not known. */
  readonly by: string | null;
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
}

/**
 * Reads from the audit log who changed a product, and what, the newest change first.
 *
 * @throws {ApiError} 404 if there is no such product
 */
export async function historyOf(store: Store, sku: string): Promise<Revision[]> {
  const { id } = await findProduct(store, sku);
  const entries = await getAuditLogs(store.executor, {
    table: "products",
    key: id,
    limit: HISTORY_LIMIT,
  });
  return entries.map((entry) => ({
    operation: entry.operation,
    at: toIso(entry.changed_at),
    by: entry.changed_by,
    changes: Object.fromEntries(
      Object.entries(diff(entry)).filter(([column]) => SHOWN.has(column)),
    ),
  }));
}
