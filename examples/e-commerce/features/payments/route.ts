import { Hono } from "hono";
import { validate } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import { invalid, notFound, unauthorized } from "../../platform/errors.ts";
import type { Shop } from "../../platform/shop.ts";
import type { Env } from "../users/sessions.ts";
import { recordResult } from "./queries.ts";
import { PaymentResult } from "./schema.ts";
import { isSigned, SIGNATURE } from "./signature.ts";

/** `/webhooks/payments`: what the provider reports by itself. */
export function paymentRoutes(
  { system }: Shop,
  { webhookSecret }: Pick<Config, "webhookSecret">,
  wake: () => void,
): Hono<Env> {
  return new Hono<Env>()
    .post("/webhooks/payments", async (c) => {
      const body = await c.req.text();
      if (!isSigned(body, c.req.header(SIGNATURE) ?? "", webhookSecret)) {
        throw unauthorized("signature", "is invalid");
      }
      let result: unknown;
      try {
        result = JSON.parse(body);
      } catch {
        throw invalid({ request: ["must be JSON"] });
      }
      const isKnown = await recordResult(system, validate(PaymentResult, result));
      if (!isKnown) throw notFound("payment");
      wake();
      return c.body(null, 204);
    });
}
