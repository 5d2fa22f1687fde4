import { after, before, describe } from "node:test";
import { startBlog, type TestBlog } from "./start_blog.ts";

/**
 * Describes tests of a blog: one database for all of them, so each test has users of its own.
 *
 * @param name what is described
 * @param body defines the tests; its argument is there when they run
 */
export function describeBlog(name: string, body: (blog: () => TestBlog) => void): void {
  describe(name, () => {
    let blog: TestBlog | undefined;
    before(async () => {
      blog = await startBlog();
    });
    after(async () => {
      await blog?.close();
    });
    body(() => blog!);
  });
}
