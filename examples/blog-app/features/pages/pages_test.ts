import assert from "node:assert/strict";
import { it } from "node:test";
import type { Browser } from "../../testing/browser.ts";
import { describeBlog } from "../../testing/with_blog.ts";

const password = "correct horse";

async function signUp(browser: Browser, username: string): Promise<void> {
  const form = { username, email: `${username}@example.org`, password };
  const { status, path } = await browser.submit("/register", form);
  assert.deepEqual([status, path], [200, "/"]);
}

describeBlog("the pages", (blog) => {
  it("sign users up, out and in, by a cookie that scripts cannot read", async () => {
    const browser = blog().browse();
    const wrong = await browser.submit("/register", { username: "ada", email: "x", password });
    assert.equal(wrong.status, 422);
    assert.match(wrong.html, /<p class="problem" id="email-problem">Email is invalid<\/p>/);
    assert.match(wrong.html, /aria-describedby="email-problem"[^>]*aria-invalid="true"/);
    assert.doesNotMatch(wrong.html, new RegExp(password));

    await signUp(browser, "ada");
    assert.match((await browser.get("/")).html, /<a href="\/own">ada<\/a>/);
    await browser.submit("/logout");
    assert.match((await browser.get("/")).html, /<a href="\/login">Sign in<\/a>/);
    const refused = await browser.submit("/login", { email: "ada@example.org", password: "wrong" });
    assert.match(refused.html, /<li>credentials invalid<\/li>/);
    await browser.submit("/login", { email: "ada@example.org", password });
    assert.match((await browser.get("/")).html, /<a href="\/own">ada<\/a>/);
  });

  it("write, change, delete and restore an article, and show its history", async () => {
    const browser = blog().browse();
    await signUp(browser, "bob");
    const form = {
      title: "On tea",
      description: "Short",
      body: "Hot tea.",
      tagList: "tea,  leaves,,",
    };
    const empty = await browser.submit("/editor", { ...form, title: "" });
    assert.equal(empty.status, 422);
    // What was typed is still there.
    assert.match(empty.html, /Hot tea\.<\/textarea>/);
    assert.match(empty.html, /Title can&#39;t be blank/);
    assert.equal(empty.html.match(/class="problem"/g)?.length, 1);

    const written = await browser.submit("/editor", form);
    assert.equal(written.path, "/articles/on-tea");
    assert.match(written.html, /<a href="\/\?tag=leaves">leaves<\/a>/);
    assert.match((await browser.get("/editor/on-tea")).html, /value="tea, leaves"/);
    await browser.submit("/editor/on-tea", { ...form, body: "Cold tea.\r\nWith ice." });
    const { html } = await browser.get("/articles/on-tea/history");
    assert.match(html, /<del>Hot<\/del><ins>Cold<\/ins> tea\.<ins>\s+With ice\.<\/ins>/);

    const bin = await browser.submit("/articles/on-tea/delete");
    assert.equal(bin.path, "/own");
    assert.match(bin.html, /Restore On tea/);
    assert.equal((await browser.get("/articles/on-tea")).status, 404);
    assert.equal((await browser.submit("/articles/on-tea/restore")).path, "/articles/on-tea");
  });

  it("show readers what they may do, and drafts to nobody else", async () => {
    const author = blog().browse();
    await signUp(author, "carol");
    const form = { title: "Plain", description: "d", body: "b", tagList: "" };
    await author.submit("/editor", form);
    const draft = await author.submit("/editor", { ...form, title: "Hidden", draft: "on" });
    assert.match(draft.html, /Draft by <a href="\/authors\/carol">carol<\/a>/);
    assert.match((await author.get("/own")).html, /Hidden/);

    const reader = blog().browse();
    assert.doesNotMatch((await reader.get("/articles/plain")).html, /<form/);
    await signUp(reader, "dora");
    const { html } = await reader.get("/articles/plain");
    assert.match(html, /Follow carol/);
    assert.doesNotMatch(html, /Delete article|\/editor\/plain/);
    assert.equal((await reader.get(draft.path)).status, 404);
    assert.equal((await reader.submit("/articles/plain/delete")).status, 403);
    assert.equal((await reader.get("/editor/plain")).status, 403);
    assert.equal((await reader.submit("/editor/plain", form)).status, 403);

    await reader.submit("/authors/carol/follow?back=plain");
    assert.match((await reader.get("/feed")).html, /Plain/);
    const profile = await reader.get("/authors/carol");
    assert.match(profile.html, /<h1>Articles by carol<\/h1>[^]*Plain/);
    assert.doesNotMatch(profile.html, /Hidden/);
    assert.equal((await reader.get("/authors/nobody")).status, 404);
    assert.match((await reader.submit("/articles/plain/favorite")).html, /1 favorite\./);
    const commented = await reader.submit("/articles/plain/comments", { body: "Indeed" });
    assert.match(commented.html, /Indeed[^]*Delete comment/);
    const [, id] = /comments\/(\d+)\/delete/.exec(commented.html)!;
    assert.equal((await author.submit(`/articles/plain/comments/${id}/delete`)).status, 403);
    const { html: without } = await reader.submit(`/articles/plain/comments/${id}/delete`);
    assert.doesNotMatch(without, /Indeed/);
  });

  it("search, and lead from page to page", async () => {
    const { client } = blog();
    const erin = await client.signUp("erin");
    for (let i = 1; i <= 21; i++) await erin.write(`Walk ${i}`, { tagList: ["walks"] });
    const browser = blog().browse();
    const first = await browser.get("/?tag=walks&search=WALK");
    assert.match(first.html, /<h1>Articles about walks<\/h1>/);
    const [, next] = /href="([^"]+)">Older articles/.exec(first.html)!;
    const second = await browser.get(next!.replaceAll("&amp;", "&"));
    assert.match(second.html, />Walk 1<\/a>/);
    assert.doesNotMatch(second.html, /Walk 2<|Older articles/);
    assert.match((await browser.get("/?search=nothing-like-it")).html, /There are no articles\./);
  });

  it("say that there is no such page, and where to sign in", async () => {
    for (const path of ["/feed", "/own", "/editor"]) {
      assert.equal((await blog().browse().get(path)).path, "/login");
    }
    const nowhere = await blog().browse().get("/nowhere");
    assert.equal(nowhere.status, 404);
    assert.match(nowhere.html, /<h1>There is no such page<\/h1>/);
    const { path } = await blog().browse().submit("/articles/none/delete");
    assert.equal(path, "/login");
  });

  it("escape what users write, and let no script run", async () => {
    const browser = blog().browse();
    await signUp(browser, "<i>frank</i>");
    const script = `"><script>alert(1)</script>`;
    const { html, headers, path } = await browser.submit("/editor", {
      title: `T ${script}`,
      description: script,
      body: script,
      tagList: script,
    });
    const pages = [html];
    for (const each of ["/", `${path}/history`, `/editor/${path.split("/")[2]}`]) {
      pages.push((await browser.get(each)).html);
    }
    pages.push((await browser.get(`/?search=${encodeURIComponent(script)}`)).html);
    for (const text of pages) assert.doesNotMatch(text, /<script|<i>/);
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  });

  it("take no form of another site", async () => {
    const browser = blog().browse();
    await signUp(browser, "grace");
    const form = { title: "Forged", description: "d", body: "b", tagList: "" };
    const forged = await browser.submit("/editor", form, "https://elsewhere.example");
    assert.equal(forged.status, 403);
    assert.equal((await browser.get("/articles/forged")).status, 404);
    // The API does not look at the cookie at all.
    assert.equal((await blog().client.post("/articles", { article: form })).status, 401);
  });
});
