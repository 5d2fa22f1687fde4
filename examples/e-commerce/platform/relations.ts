import { defineRelations } from "@kysera/repository";
import type { Database } from "./schema.ts";

/** How rows of one table belong to rows of another. */
export const relations = defineRelations<Database>()({
  products: {
    stock: { type: "hasOne", table: "stock", columns: { id: "product_id" } },
  },
  cart_items: {
    product: { type: "belongsTo", table: "products", columns: { product_id: "id" } },
  },
  orders: {
    lines: { type: "hasMany", table: "order_lines", columns: { id: "order_id" } },
    payments: { type: "hasMany", table: "payments", columns: { id: "order_id" } },
  },
  stock: {
    product: { type: "belongsTo", table: "products", columns: { product_id: "id" } },
  },
});
