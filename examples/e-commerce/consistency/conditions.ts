import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/schema.ts";

/** Something that is true of the data at any time, or when no message is left to be delivered. */
export interface Condition {
  readonly name: string;
  /** True if it holds only when nothing is under way. */
  readonly atRest?: true;
  /** Finds what contradicts it: must return no row. */
  readonly contradictions: RawBuilder<Record<string, unknown>>;
}

/**
 * What must be true, after the consistency conditions of TPC-C (clause 3.3.2): whatever is stored as a
 * sum or a count is that of the rows that it sums up.
 */
export const CONDITIONS: readonly Condition[] = [
  {
    name: "stock is what has come in and gone out",
    contradictions: sql`
      select s.product_id from stock s
      left join (select product_id, sum(quantity) as moved from stock_movements group by product_id)
        m on m.product_id = s.product_id
      where s.on_hand <> coalesce(m.moved, 0)`,
  },
  {
    name: "nothing is sold that is not there",
    contradictions: sql`select product_id from stock where on_hand < 0`,
  },
  {
    name: "an order comes to the sum of its lines, and has as many as it says",
    contradictions: sql`
      select o.id from orders o
      left join (
        select order_id, count(*) as line_count, sum(quantity * unit_price) as total
        from order_lines group by order_id
      ) l on l.order_id = o.id
      where l.order_id is null or o.line_count <> l.line_count or o.total <> l.total`,
  },
  {
    name: "what was ordered has left stock, and what was cancelled has come back",
    contradictions: sql`
      select l.order_id, l.product_id from order_lines l
      join orders o on o.id = l.order_id
      left join (
        select order_id, product_id, sum(quantity) as moved
        from stock_movements where order_id is not null group by order_id, product_id
      ) m on m.order_id = l.order_id and m.product_id = l.product_id
      where coalesce(m.moved, 0) <>
        case when o.status in ('cancelled', 'refunded') then 0 else -l.quantity end`,
  },
  {
    name: "pieces move for lines of orders",
    contradictions: sql`
      select m.id from stock_movements m
      left join order_lines l on l.order_id = m.order_id and l.product_id = m.product_id
      where m.order_id is not null
        and (l.order_id is null or abs(m.quantity) <> l.quantity
          or m.kind <> case when m.quantity < 0 then 'sale' else 'return' end)`,
  },
  {
    name: "a payment is of the total of its order",
    contradictions: sql`
      select p.id from payments p join orders o on o.id = p.order_id where p.amount <> o.total`,
  },
  {
    name: "an order is paid exactly if it was charged and not refunded",
    contradictions: sql`
      select o.id, o.status from orders o
      left join payments c
        on c.order_id = o.id and c.kind = 'charge' and c.status = 'succeeded'
      left join payments r
        on r.order_id = o.id and r.kind = 'refund' and r.status = 'succeeded'
      where (o.status = 'paid' and (c.id is null or r.id is not null))
        or (o.status = 'refunded' and (c.id is null or r.id is null))
        or (o.status in ('placed', 'cancelled') and c.id is not null)
        or (r.id is not null and c.id is null)`,
  },
  {
    name: "the messages of an order are numbered without gaps",
    contradictions: sql`
      select o.id from orders o
      left join (
        select order_id, count(*) as messages, min(sequence) as first, max(sequence) as last
        from outbox group by order_id
      ) m on m.order_id = o.id
      where m.order_id is null or m.first <> 1 or m.last <> m.messages
        or m.messages <> o.message_count`,
  },
  {
    name: "messages are delivered in their order",
    contradictions: sql`
      select later.id from outbox later
      join outbox earlier
        on earlier.order_id = later.order_id and earlier.sequence = later.sequence - 1
      where later.delivered_at is not null and earlier.delivered_at is null`,
  },
  {
    name: "a message that was delivered was applied",
    contradictions: sql`
      select m.id from outbox m left join loyalty_inbox i on i.order_id = m.order_id
      where m.delivered_at is not null and coalesce(i.last_sequence, 0) < m.sequence`,
  },
  {
    name: "a customer has the points of the orders, each counted once",
    contradictions: sql`
      select i.user_id from (
        select user_id, sum(points) as points from loyalty_inbox group by user_id
      ) i
      left join loyalty_accounts a on a.user_id = i.user_id
      where coalesce(a.points, 0) <> i.points`,
  },
  {
    name: "no order and no payment is left halfway",
    atRest: true,
    contradictions: sql`
      select o.id from orders o
      where o.status in ('placed', 'cancelling') or exists (
        select 1 from payments p where p.order_id = o.id and p.status = 'pending'
      )`,
  },
  {
    name: "every message was applied",
    atRest: true,
    contradictions: sql`
      select o.id from orders o left join loyalty_inbox i on i.order_id = o.id
      where coalesce(i.last_sequence, 0) <> o.message_count`,
  },
  {
    name: "there are points for what was paid, and for nothing else",
    atRest: true,
    contradictions: sql`
      select o.id from orders o join loyalty_inbox i on i.order_id = o.id
      where i.points <> case when o.status = 'paid' then (o.total - o.total % 100) / 100 else 0 end`,
  },
];

/** A condition that does not hold. */
export interface Contradiction {
  readonly condition: string;
  /** The first rows that contradict it. */
  readonly rows: readonly Record<string, unknown>[];
}

const SHOWN = 5;

/**
 * Looks for what contradicts the conditions.
 *
 * @param db the database without plugins: also what nobody may see is looked at
 * @param options `atRest`: whether no message is left, so that all conditions hold
 */
export async function findContradictions(
  db: Kysely<Database>,
  { atRest }: { readonly atRest: boolean },
): Promise<Contradiction[]> {
  const found: Contradiction[] = [];
  for (const condition of CONDITIONS) {
    if (condition.atRest && !atRest) continue;
    const { rows } = await condition.contradictions.execute(db);
    if (rows.length > 0) found.push({ condition: condition.name, rows: rows.slice(0, SHOWN) });
  }
  return found;
}
