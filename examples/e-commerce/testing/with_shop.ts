import { after, before, describe } from "node:test";
import { startShop, type TestShop } from "./start_shop.ts";

/**
 * Describes tests of a shop: one database for all of them, so each test has users of its own.
 *
 * @param name what is described
 * @param body defines the tests; its argument is there when they run
 */
export function describeShop(name: string, body: (shop: () => TestShop) => void): void {
  describe(name, () => {
    let shop: TestShop | undefined;
    before(async () => {
      shop = await startShop();
    });
    after(async () => {
      await shop?.close();
    });
    body(() => shop!);
  });
}
