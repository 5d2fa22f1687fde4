import type { ColumnType } from "kysely";
import type { CartItemsTable } from "../features/cart/schema.ts";
import type { ProductsTable } from "../features/catalogue/schema.ts";
import type { LoyaltyAccountsTable, LoyaltyInboxTable } from "../features/loyalty/schema.ts";
import type { OrderLinesTable, OrdersTable } from "../features/orders/schema.ts";
import type { OutboxTable } from "../features/outbox/schema.ts";
import type { PaymentsTable } from "../features/payments/schema.ts";
import type { StockMovementsTable, StockTable } from "../features/stock/schema.ts";
import type { UsersTable } from "../features/users/schema.ts";

/** The tables, each described by the feature that owns it. */
export interface Database {
  users: UsersTable;
  products: ProductsTable;
  stock: StockTable;
  stock_movements: StockMovementsTable;
  cart_items: CartItemsTable;
  orders: OrdersTable;
  order_lines: OrderLinesTable;
  payments: PaymentsTable;
  outbox: OutboxTable;
  loyalty_accounts: LoyaltyAccountsTable;
  loyalty_inbox: LoyaltyInboxTable;
}

/** A time: a `Date` on PostgreSQL and MariaDB, ISO 8601 text on SQLite. */
export type Time = Date | string;

/** A time that the timestamps plugin sets. */
export type StampedTime = ColumnType<Time, Time | undefined, Time>;

/** A time that is absent until something happens. */
export type OptionalTime = ColumnType<Time | null, Time | null | undefined, Time | null>;

/** Formats a time as the API does: ISO 8601 in UTC, with milliseconds. */
export function toIso(time: Time): string {
  return new Date(time).toISOString();
}
