import assert from "node:assert/strict";
import { it } from "node:test";
import type { Browser } from "../../testing/browser.ts";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";

const password = "correct horse";

async function signUp(browser: Browser, name: string): Promise<void> {
  const form = { name, email: `${name}@example.org`, password };
  const { status, path } = await browser.submit("/register", form);
  assert.deepEqual([status, path], [200, "/"]);
}

/** Reads the hidden fields of the form that buys. */
function hiddenFields(html: string): Record<string, string> {
  const fields = html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]+)"/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name!, value!]));
}

describeShop("the pages", (test) => {
  it("sell what is in the catalogue", async () => {
    await stockUp(test(), { "a-tea": 3, "a-cup": 0 });
    const browser = test().browse();
    const { html } = await browser.get("/");
    assert.match(html, /Only 3 left[^]*?aria-label="Add to cart: a-tea"/);
    assert.match(html, /Sold out/);
    assert.doesNotMatch(html, /Add to cart: a-cup/);
    assert.equal((await browser.submit("/cart/items/a-tea/add")).path, "/login");

    await signUp(browser, "a-ada");
    await browser.submit("/cart/items/a-tea/add");
    await browser.submit("/cart/items/a-tea/add");
    const cart = await browser.get("/cart");
    assert.match(cart.html, /Cart \(2\)/);
    assert.match(cart.html, /Total <strong>€20\.00<\/strong>/);

    const form = hiddenFields(cart.html);
    const placed = await browser.submit("/orders", form);
    assert.match(placed.path, /^\/orders\/[0-9a-f-]{36}$/);
    assert.match(placed.html, /Placed; the payment is under way/);
    // The button was pressed twice.
    assert.equal((await browser.submit("/orders", form)).path, placed.path);
    await test().settle();
    const paid = await browser.get(placed.path);
    assert.match(paid.html, /<p class="status">Paid<\/p>/);
    assert.match(paid.html, /Cancel the order/);
    await browser.submit(`${placed.path}/cancel`);
    await test().settle();
    const { html: refunded } = await browser.get(placed.path);
    assert.match(refunded, /the money is on its way back/);
    assert.doesNotMatch(refunded, /Cancel the order/);
    assert.match((await browser.get("/orders")).html, /1 product[^]*€20\.00/);
  });

  it("say what has changed, and do not sell then", async () => {
    const office = await stockUp(test(), { "b-tea": 1 });
    const browser = test().browse();
    await signUp(browser, "b-ada");
    await browser.submit("/cart/items/b-tea", { quantity: "2" });
    const form = hiddenFields((await browser.get("/cart")).html);
    const short = await browser.submit("/orders", form);
    assert.equal(short.status, 409);
    assert.match(short.html, /stock has not enough of &quot;b-tea&quot;/);
    await office.products.updateWhere({ sku: "b-tea" }, { price: 900 });
    const changed = await browser.submit("/orders", form);
    assert.deepEqual([changed.status, /total is €18\.00 now/.test(changed.html)], [409, true]);
    assert.equal((await browser.submit("/cart/items/b-tea", { quantity: "x" })).status, 422);
  });

  it("show reports to clerks, and orders to their customers", async () => {
    const { shop, client } = test();
    await stockUp(test(), { "c-tea": 4 });
    const browser = test().browse();
    await signUp(browser, "c-ada");
    const bob = await client.signUp("c-bob");
    const { order } = (await bob.order({ "c-tea": 1 })).body;
    assert.equal((await browser.get(`/orders/${order.id}`)).status, 404);
    assert.equal((await browser.get("/reports")).status, 403);
    await shop.system.users.updateWhere({ name: "c-ada" }, { role: "clerk" });
    assert.match(
      (await browser.get("/reports")).html,
      /<caption>To be ordered<\/caption>[^]*c-tea/,
    );
    // A clerk reads the order of a customer, and is not offered to cancel it.
    const { html } = await browser.get(`/orders/${order.id}`);
    assert.match(html, /c-tea/);
    assert.doesNotMatch(html, /Cancel the order/);
  });

  it("put what users wrote into no tag, and take no form of another site", async () => {
    const script = "<script>alert(1)</script>";
    const office = await stockUp(test(), { "d-tea": 4 });
    await office.products.updateWhere({ sku: "d-tea" }, { name: script, description: script });
    const browser = test().browse();
    await signUp(browser, "d-ada");
    await browser.submit("/cart/items/d-tea/add");
    const form = hiddenFields((await browser.get("/cart")).html);
    const forged = await browser.submit("/orders", form, "https://elsewhere.example");
    assert.equal(forged.status, 403);
    const { path } = await browser.submit("/orders", form);
    for (const page of ["/", "/products/d-tea", "/cart", path, "/?search=%3Cscript%3E"]) {
      const { html, headers } = await browser.get(page);
      assert.doesNotMatch(html, /<script/, page);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    }
    // The API does not look at the cookie at all.
    const { status } = await test().client.get("/orders");
    assert.equal(status, 401);
  });

  it("sign in and out by a cookie that scripts cannot read", async () => {
    const browser = test().browse();
    await signUp(browser, "e-ada");
    await browser.submit("/logout");
    assert.match((await browser.get("/")).html, /<a href="\/login">Sign in<\/a>/);
    const email = "e-ada@example.org";
    const refused = await browser.submit("/login", { email, password: "wrong" });
    assert.match(refused.html, /<li>credentials are not valid<\/li>/);
    assert.doesNotMatch(refused.html, /value="wrong"/);
    assert.match((await browser.submit("/login", { email, password })).html, /Sign out/);
  });
});
