import type { ListParameter, ListParameters, ParameterLimit, TransactionLimit } from "@kysera/core";
import { SqliteAdapter } from "kysely";
import { listForCloudflare } from "./_cloudflare_list.ts";
import { CLOUDFLARE_PARAMETERS } from "./_cloudflare_values.ts";

/** The adapter of SQLite, with the limits of Cloudflare's runtime. */
export class CloudflareAdapter extends SqliteAdapter implements ParameterLimit, ListParameters {
  readonly maxParameters: number = CLOUDFLARE_PARAMETERS;

  /** @inheritdoc */
  listParameter(values: readonly unknown[]): ListParameter | undefined {
    return listForCloudflare(values);
  }

  /** D1 has many connections; of a Durable Object the driver itself lets one user in at a time. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** The adapter of D1, which runs several statements as a batch only. */
export class D1Adapter extends CloudflareAdapter implements TransactionLimit {
  readonly hasInteractiveTransactions = false;
}
