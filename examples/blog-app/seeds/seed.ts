import { changeArticle, createArticle, deleteArticle } from "../features/articles/queries.ts";
import { createComment } from "../features/comments/queries.ts";
import { favorite } from "../features/favorites/queries.ts";
import { findProfile, follow } from "../features/profiles/queries.ts";
import { register } from "../features/users/queries.ts";
import type { Blog } from "../platform/blog.ts";
import type { Config } from "../platform/config.ts";

/** The password of the sample users. */
export const SAMPLE_PASSWORD = "correct horse";

/**
 * Fills an empty blog with samples: two writers, their articles and what they think of each other's; a
 * draft, a deleted article, and one that was changed, so that it has a history. It is done by the same
 * functions as requests are, so the policies and the audit log see it.
 *
 * @returns false if there are users already: nothing is changed then
 */
export async function seed(blog: Blog, { scrypt }: Pick<Config, "scrypt">): Promise<boolean> {
  if (await blog.system.users.exists()) return false;
  const signUp = async (username: string) => {
    const email = `${username}@example.org`;
    const { id } = await register(blog, { username, email, password: SAMPLE_PASSWORD }, scrypt);
    return blog.on(id);
  };
  const [ada, grace] = [await signUp("ada"), await signUp("grace")];

  const engine = await createArticle(ada, {
    title: "What the engine can do",
    description: "And what it cannot",
    body: "The engine weaves patterns of algebra.\n\nIt originates nothing.",
    tagList: ["engines", "algebra"],
    draft: false,
  });
  await changeArticle(ada, engine.slug, () =>
    Promise.resolve({
      body: "The engine weaves algebraic patterns as a loom weaves flowers.\n\n" +
        "It originates nothing; it does whatever we know how to order it to perform.",
    }));
  await createArticle(ada, {
    title: "Numbers of Bernoulli",
    description: "Not finished",
    body: "Note G, a draft.",
    tagList: ["algebra"],
    draft: true,
  });
  const { slug } = await createArticle(ada, {
    title: "A letter that I regret",
    description: "It can be restored",
    body: "..",
    tagList: [],
    draft: false,
  });
  await deleteArticle(ada, slug);

  const compiler = await createArticle(grace, {
    title: "The first compiler",
    description: "Nobody believed in it",
    body: "I had a running compiler, and nobody would touch it.",
    tagList: ["compilers", "engines"],
    draft: false,
  });
  await createComment(ada, compiler.id, "They will.");
  await favorite(ada, compiler.id);
  await favorite(grace, engine.id);
  await follow(ada, (await findProfile(ada, "grace")).id);
  return true;
}
