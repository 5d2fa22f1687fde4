import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "../../testing/client.ts";
import { describeBlog } from "../../testing/with_blog.ts";
import { chooseSlug, slugify } from "./slug.ts";

const titles = async (client: Client, query: string): Promise<string[]> => {
  const { status, body } = await client.get(`/articles?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.articles.map(({ title }: { title: string }) => title);
};

describeBlog("articles", (blog) => {
  it("are written, read and changed", async () => {
    const ada = await blog().client.signUp("ada");
    const { body: { article } } = await ada.post("/articles", {
      article: { title: "Notes", description: "On engines", body: "..", tagList: ["b", "a", "b"] },
    });
    assert.equal(article.slug, "notes");
    assert.deepEqual(article.tagList, ["b", "a"]);
    assert.equal(article.createdAt, article.updatedAt);
    assert.deepEqual((await blog().client.get("/articles/notes")).body.article, article);

    const change = async (changes: object, slug = "notes") =>
      (await ada.put(`/articles/${slug}`, { article: changes })).body.article;
    const longer = await change({ body: "Longer" });
    assert.deepEqual({ ...longer, body: "..", updatedAt: "" }, { ...article, updatedAt: "" });
    assert.ok(longer.updatedAt >= article.updatedAt);
    assert.deepEqual((await change({ tagList: [] })).tagList, []);
    assert.equal((await change({ title: "Sketch of an Engine" })).slug, "sketch-of-an-engine");
    assert.equal((await ada.get("/articles/notes")).status, 404);
    assert.equal((await change({}, "sketch-of-an-engine")).body, "Longer");
  });

  it("are changed by several requests at once, of which none undoes another", async () => {
    const { client } = blog();
    const writers = await Promise.all(["lee", "mia"].map((name) => client.signUp(name)));
    const slugs = await Promise.all(writers.map((writer, i) => writer.write(`Shared ${i}`)));
    const changes = [
      { description: "Another description" },
      { body: "Another body" },
      ...[1, 2, 3, 4].map((i) => ({ tagList: ["both", `tag${i}`] })),
    ];
    const replies = await Promise.all(
      writers.flatMap((writer, i) =>
        changes.map((article) => writer.put(`/articles/${slugs[i]}`, { article }))
      ),
    );
    assert.deepEqual(replies.map(({ status }) => status), replies.map(() => 200));
    for (const slug of slugs) {
      const { article } = (await client.get(`/articles/${slug}`)).body;
      assert.equal(article.description, "Another description");
      assert.equal(article.body, "Another body");
      assert.deepEqual([article.tagList.length, article.tagList[0]], [2, "both"]);
    }
    assert.equal((await titles(client, "search=another+description+another+body")).length, 2);
  });

  it("are listed, the newest first, by page, author, tag and favorites", async () => {
    const { client } = blog();
    const bob = await client.signUp("bob");
    for (const i of [1, 2, 3]) await bob.write(`Bob ${i}`, { tagList: [i === 2 ? "even" : "odd"] });
    await client.signUp("carol").then((carol) => carol.post("/articles/bob-2/favorite"));

    assert.deepEqual(await titles(client, "author=bob"), ["Bob 3", "Bob 2", "Bob 1"]);
    assert.deepEqual(await titles(client, "author=bob&limit=1&offset=1"), ["Bob 2"]);
    assert.equal((await client.get("/articles?author=bob&limit=1")).body.articlesCount, 3);
    assert.deepEqual(await titles(client, "tag=odd&author=bob"), ["Bob 3", "Bob 1"]);
    assert.deepEqual(await titles(client, "favorited=carol"), ["Bob 2"]);
    assert.deepEqual(await titles(client, "author=nobody"), []);
    assert.deepEqual((await client.get("/articles?limit=0&offset=x")).body.errors, {
      limit: ["must be a whole number of at least 1"],
      offset: ["must be a whole number of at least 0"],
    });
  });

  it("are walked by cursor, and what is written meanwhile shifts nothing", async () => {
    const { client } = blog();
    const dora = await client.signUp("dora");
    for (const i of [1, 2, 3, 4, 5]) await dora.write(`Dora ${i}`);
    const found: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await client.get(
        `/articles?author=dora&limit=2&cursor=${encodeURIComponent(cursor)}`,
      );
      found.push(...body.articles.map(({ title }: { title: string }) => title));
      cursor = body.nextCursor;
      await dora.write(`Dora meanwhile ${found.length}`);
    }
    assert.deepEqual(found, [5, 4, 3, 2, 1].map((i) => `Dora ${i}`));
    const { status, body } = await client.get("/articles?cursor=none");
    assert.deepEqual([status, body.errors], [422, { cursor: ["is invalid"] }]);
  });

  it("are searched by words in any letter case, wildcards being text", async () => {
    const erin = await blog().client.signUp("erin");
    await erin.write("Größe", { description: "In percent", body: "It is 100% of it" });
    await erin.write("Weight", { description: "In grams", body: "It is 100 grams" });
    assert.deepEqual(await titles(erin, "author=erin&search=GRAMS+weight"), ["Weight"]);
    assert.deepEqual(await titles(erin, `author=erin&search=${encodeURIComponent("grÖSSE")}`), []);
    assert.deepEqual(await titles(erin, `author=erin&search=${encodeURIComponent("GRÖß")}`), [
      "Größe",
    ]);
    assert.deepEqual(await titles(erin, "author=erin&search=100%25"), ["Größe"]);
    assert.deepEqual(await titles(erin, "author=erin&search=100"), ["Weight", "Größe"]);
  });

  it("have titles of their own, until they are deleted", async () => {
    const { client } = blog();
    const frank = await client.signUp("frank");
    const article = { title: "Once", description: "d", body: "b" };
    assert.equal((await frank.post("/articles", { article })).status, 201);
    assert.deepEqual((await frank.post("/articles", { article })).body.errors, {
      title: ["has already been taken"],
    });
    assert.equal((await frank.delete("/articles/once")).status, 204);
    assert.equal((await frank.post("/articles", { article })).status, 201);
    // There are two of this title now, and one of them may be visible.
    assert.equal((await frank.post("/articles/once/restore")).status, 409);
  });

  it("come back with their comments, tags and favorites when they are restored", async () => {
    const { client } = blog();
    const grace = await client.signUp("grace");
    const heidi = await client.signUp("heidi");
    const slug = await grace.write("Compilers", { tagList: ["cobol"] });
    await heidi.post(`/articles/${slug}/comments`, { comment: { body: "Good" } });
    await heidi.post(`/articles/${slug}/favorite`);
    const before = (await client.get(`/articles/${slug}`)).body.article;

    assert.equal((await grace.delete(`/articles/${slug}`)).status, 204);
    assert.equal((await grace.get(`/articles/${slug}`)).status, 404);
    assert.equal((await client.get(`/articles/${slug}/comments`)).status, 404);
    assert.deepEqual(await titles(client, "favorited=heidi"), []);
    assert.ok(!(await client.get("/tags")).body.tags.includes("cobol"));
    assert.deepEqual((await heidi.get("/user/deleted")).body.articles, []);
    assert.equal((await heidi.post(`/articles/${slug}/restore`)).status, 404);

    const bin = (await grace.get("/user/deleted")).body.articles;
    assert.deepEqual(bin.map((article: { slug: string }) => article.slug), [slug]);
    const { status, body } = await grace.post(`/articles/${slug}/restore`);
    assert.equal(status, 200);
    assert.deepEqual({ ...body.article, updatedAt: "" }, { ...before, updatedAt: "" });
    assert.equal((await client.get(`/articles/${slug}/comments`)).body.comments.length, 1);
    assert.deepEqual(await titles(client, "favorited=heidi"), ["Compilers"]);
    assert.equal((await grace.post(`/articles/${slug}/restore`)).status, 404);
  });

  it("are seen by their authors alone while they are drafts", async () => {
    const { client } = blog();
    const ivan = await client.signUp("ivan");
    const judy = await client.signUp("judy");
    const slug = await ivan.write("Plans", { draft: true, tagList: ["secret"] });
    assert.match(slug, /^plans-[0-9a-f]{12}$/);
    assert.equal((await ivan.get(`/articles/${slug}`)).body.article.draft, true);
    for (const other of [judy, client]) {
      assert.equal((await other.get(`/articles/${slug}`)).status, 404);
      assert.equal((await other.get(`/articles/${slug}/history`)).status, 404);
      assert.equal((await other.get(`/articles/${slug}/comments`)).status, 404);
      assert.ok(!(await other.get("/tags")).body.tags.includes("secret"));
      assert.deepEqual(await titles(other, "tag=secret"), []);
    }
    assert.equal((await judy.put(`/articles/${slug}`, { article: { body: "x" } })).status, 404);
    assert.equal((await judy.delete(`/articles/${slug}`)).status, 404);
    assert.equal((await judy.post(`/articles/${slug}/favorite`)).status, 404);
    const comment = { comment: { body: "x" } };
    assert.equal((await judy.post(`/articles/${slug}/comments`, comment)).status, 404);
    // A title tells nothing about a draft of the same title.
    await judy.write("Plans");

    const drafts = (await ivan.get("/user/drafts")).body.articles;
    assert.deepEqual(drafts.map((article: { slug: string }) => article.slug), [slug]);
    const taken = await ivan.put(`/articles/${slug}`, { article: { draft: false } });
    assert.equal(taken.status, 409);
    const { body: { article } } = await ivan.put(`/articles/${slug}`, {
      article: { title: "Ivan's plans", draft: false },
    });
    assert.equal(article.slug, "ivans-plans");
    assert.equal("draft" in article, false);
    assert.deepEqual(await titles(client, "tag=secret"), ["Ivan's plans"]);
  });

  it("have a history, which shows readers nothing from before they were published", async () => {
    const { client } = blog();
    const kim = await client.signUp("kim");
    const draft = await kim.write("Letters", { draft: true, body: "Dear nobody" });
    await kim.put(`/articles/${draft}`, { article: { body: "Dear all" } });
    await kim.put(`/articles/${draft}`, { article: { draft: false } });
    await kim.put("/articles/letters", { article: { body: "Dear readers" } });
    await kim.delete("/articles/letters");
    await kim.post("/articles/letters/restore");

    const historyFor = async (who: Client) =>
      (await who.get("/articles/letters/history")).body.history;
    const own = await historyFor(kim);
    assert.deepEqual(
      own.map(({ operation, by }: { operation: string; by: string }) => [operation, by]),
      [
        ["RESTORE", "kim"],
        ["SOFT_DELETE", "kim"],
        ["UPDATE", "kim"],
        ["UPDATE", "kim"],
        ["UPDATE", "kim"],
        ["INSERT", "kim"],
      ],
    );
    assert.deepEqual(own[2].changes, { body: { from: "Dear all", to: "Dear readers" } });
    assert.match(own[0].at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const { from, to } = own[3].changes.published_at;
    assert.equal(from, null);
    assert.match(to, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(to) - Date.now()) < 60_000);

    const theirs = await historyFor(client);
    assert.equal(theirs.length, 4);
    assert.doesNotMatch(JSON.stringify(theirs), /nobody/);
    assert.deepEqual(theirs[2].changes, own[2].changes);
  });
});

describe("slugs", () => {
  it("keep letters and digits of every script, without accents", () => {
    assert.equal(slugify("  Crème brûlée, n° 2!  "), "creme-brulee-n-2");
    assert.equal(slugify("Don't panic"), "dont-panic");
    assert.equal(slugify("Привет, мир"), "привет-мир");
    assert.equal(slugify("?!"), "");
  });

  it("end in something random where the title alone will not do", () => {
    assert.equal(chooseSlug("Notes", { isDraft: false }), "notes");
    assert.match(chooseSlug("Notes", { isDraft: true }), /^notes-[0-9a-f]{12}$/);
    assert.match(chooseSlug("Feed", { isDraft: false }), /^feed-[0-9a-f]{12}$/);
    assert.match(chooseSlug("?!", { isDraft: false }), /^[0-9a-f]{12}$/);
  });
});
