import { bindContext } from "@kysera/executor";
import { signUp } from "../features/accounts/queries.ts";
import { hashPassword } from "../features/accounts/passwords.ts";
import { createDocument } from "../features/documents/queries.ts";
import { createProject } from "../features/projects/queries.ts";
import { asProgram, type Session } from "../features/accounts/session.ts";
import { rolesOf } from "../features/members/schema.ts";
import type { Db, Saas } from "../platform/saas.ts";

/** The password of the sample users. */
export const SAMPLE_PASSWORD = "correct horse";

/** The sample organisations, each with the project of its owner. */
const SAMPLES = [
  { slug: "acme", organisation: "Acme", name: "Ada", project: "Rockets" },
  { slug: "initech", organisation: "Initech", name: "Grace", project: "Reports" },
] as const;

/**
 * Fills an empty installation with two organisations and a member of the support staff. It is done by
 * the same functions as requests are, so the policies and the audit log see it.
 *
 * @returns false if there are organisations already: nothing is changed then
 */
export async function seed(saas: Saas): Promise<boolean> {
  const { control, config, router } = saas;
  if (await control.selectFrom("organisations").select("id").executeTakeFirst() !== undefined) {
    return false;
  }
  for (const { slug, organisation, name, project } of SAMPLES) {
    const email = `${name.toLowerCase()}@${slug}.example`;
    await signUp(saas, { slug, organisation, name, email, password: SAMPLE_PASSWORD });
    const { id } = await control.selectFrom("organisations").select("id").where("slug", "=", slug)
      .executeTakeFirstOrThrow();
    await router.run(id, async (executor) => {
      const session = await ownerOf(executor as unknown as Db, id);
      const { id: projectId } = await createProject(saas, session, {
        name: project,
        private: false,
      });
      await createDocument(saas, session, projectId, {
        title: `Plan of ${project}`,
        body: `What ${organisation} wants with ${project}.`,
      });
      await createProject(saas, session, { name: `Next ${project.toLowerCase()}`, private: true });
    });
  }
  await control.insertInto("users").values({
    id: crypto.randomUUID(),
    email: "support@example.org",
    password_hash: await hashPassword(SAMPLE_PASSWORD, config.scrypt),
    is_support: 1,
    created_at: new Date().toISOString(),
  }).execute();
  return true;
}

async function ownerOf(executor: Db, organisation: string): Promise<Session> {
  const system = asProgram(executor, organisation);
  const { id, user_id } = await system.selectFrom("members").select(["id", "user_id"])
    .where("role", "=", "owner").executeTakeFirstOrThrow();
  return {
    organisation,
    member: { id, role: "owner", user: user_id },
    impersonator: undefined,
    db: bindContext(executor, {
      auth: { userId: id, roles: rolesOf("owner"), tenantId: organisation },
    }),
    system,
  };
}
