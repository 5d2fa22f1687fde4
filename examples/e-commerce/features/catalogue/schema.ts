import type { Generated } from "kysely";
import * as z from "zod";
import { requiredText, wholeNumber } from "../../platform/body.ts";
import { MAX_TOTAL } from "../../platform/money.ts";
import { Page } from "../../platform/paging.ts";
import type { OptionalTime, StampedTime } from "../../platform/schema.ts";
import { MAX_LINES, MAX_QUANTITY } from "../cart/schema.ts";

/** A row of `products`. */
export interface ProductsTable {
  id: Generated<number>;
  sku: string;
  name: string;
  description: string;
  /** In cents. */
  price: number;
  created_at: StampedTime;
  updated_at: StampedTime;
  /** When it was withdrawn from sale. */
  deleted_at: OptionalTime;
}

/** The most that one piece costs, in cents: a full cart then stays below `MAX_TOTAL`. */
const MAX_PRICE = Math.floor(MAX_TOTAL / MAX_LINES / MAX_QUANTITY);

const price = wholeNumber(1, MAX_PRICE);

/** The body of `POST /products`. */
export const NewProduct = z.object({
  sku: z.string("must be text").regex(
    /^[a-z0-9][a-z0-9-]{0,39}$/,
    "must be up to 40 small letters, digits and hyphens",
  ),
  name: requiredText(100),
  description: requiredText(2_000),
  price,
});

/** A product that is to be sold. */
export type NewProduct = z.output<typeof NewProduct>;

/** The body of `PATCH /products/:sku`. */
export const ProductChanges = z.object({
  name: requiredText(100).optional(),
  description: requiredText(2_000).optional(),
  price: price.optional(),
}).refine(
  (changes) => Object.values(changes).some((value) => value !== undefined),
  "must change something",
);

/** What of a product may be changed. */
export type ProductChanges = z.output<typeof ProductChanges>;

/** The query of `GET /products`. */
export const ProductQuery = Page.extend({
  // D1 takes no pattern of more than 50 bytes.
  search: z.string().max(12, "is too long").optional(),
});

/** Which products are listed. */
export type ProductQuery = z.output<typeof ProductQuery>;
