import type { TenantPlace } from "@kysera/infra/tenants";
import type * as z from "zod";
import { unauthorized } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { METRICS } from "../usage/schema.ts";
import { newUser, releaseAccount } from "./accounts.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import type { Login, SignUp } from "./schema.ts";
import { asProgram } from "./session.ts";
import { createToken } from "./tokens.ts";

/**
 * Creates an organisation with its owner. If a step fails, nothing is left of it.
 *
 * @returns the token of the owner's session
 */
export async function signUp(saas: Saas, input: z.output<typeof SignUp>): Promise<string> {
  const { control, config, router } = saas;
  const organisation = crypto.randomUUID();
  const owner = crypto.randomUUID();
  const user = await newUser({ ...input, id: crypto.randomUUID() }, config);
  await control.transaction().execute(async (trx) => {
    await trx.insertInto("organisations").values({
      id: organisation,
      slug: input.slug,
      name: input.organisation,
      plan: "free",
      strategy: config.tenancy,
      database_name: null,
      schema_name: null,
      state: "provisioning",
      created_at: new Date().toISOString(),
    }).execute();
    await trx.insertInto("users").values(user).execute();
    await trx.insertInto("account_uses").values({ member_id: owner, user_id: user.id }).execute();
  });
  try {
    await router.provision(organisation, placeFor(organisation, config.tenancy));
    await addOwner(saas, organisation, {
      id: owner,
      user: user.id,
      name: input.name,
      email: input.email,
    });
  } catch (error) {
    await router.drop(organisation).catch(() => {});
    await control.deleteFrom("organisations").where("id", "=", organisation).execute();
    await releaseAccount(control, { member: owner, user: user.id });
    throw error;
  }
  return await createToken({ user: user.id, organisation }, config.jwtSecret);
}

/** Where a new organisation is kept. */
function placeFor(organisation: string, strategy: Saas["config"]["tenancy"]): TenantPlace {
  const name = `tenant_${organisation.replaceAll("-", "_")}`;
  if (strategy === "schema") return { strategy, schema: name };
  return strategy === "database" ? { strategy, database: name } : { strategy };
}

async function addOwner(
  { router }: Saas,
  organisation: string,
  owner: { id: string; user: string; name: string; email: string },
): Promise<void> {
  await router.run(organisation, async (executor) => {
    const system = asProgram(executor as unknown as Db, organisation);
    await system.transaction().execute(async (trx) => {
      await trx.insertInto("members").values({
        id: owner.id,
        user_id: owner.user,
        name: owner.name,
        email: owner.email,
        role: "owner",
      }).execute();
      await trx.insertInto("usage_counters")
        .values(METRICS.map((metric) => ({ metric, used: metric === "members" ? 1 : 0 })))
        .execute();
    });
  });
}

/** Is checked where there is no such user, so that the time does not tell. */
let nobody: Promise<string> | undefined;

/**
 * Returns the user of an address and a password.
 *
 * @throws {ApiError} 401 if it is not the password, or there is no such user
 */
export async function userOf(
  { control, config }: Saas,
  email: string,
  password: string,
): Promise<{ id: string; is_support: number }> {
  const user = await control.selectFrom("users").select(["id", "password_hash", "is_support"])
    .where("email", "=", email).executeTakeFirst();
  nobody ??= hashPassword("nobody has this password", config.scrypt);
  const isRight = await isPassword(password, user?.password_hash ?? await nobody);
  if (user === undefined || !isRight) throw unauthorized("The address or the password is wrong");
  return user;
}

/**
 * Signs a member in.
 *
 * @returns the token of the session
 * @throws {ApiError} 401, the same for a wrong organisation, address or password
 */
export async function login(saas: Saas, input: z.output<typeof Login>): Promise<string> {
  const { control, config, router } = saas;
  const refused = () => unauthorized("The address or the password is wrong");
  const user = await userOf(saas, input.email, input.password);
  const organisation = await control.selectFrom("organisations").select("id")
    .where("slug", "=", input.organisation).where("state", "!=", "provisioning").executeTakeFirst();
  if (organisation === undefined) throw refused();
  const member = await router.run(
    organisation.id,
    (executor) =>
      asProgram(executor as unknown as Db, organisation.id).selectFrom("members")
        .select("id").where("user_id", "=", user.id).where("erased_at", "is", null)
        .executeTakeFirst(),
  );
  if (member === undefined) throw refused();
  return await createToken({ user: user.id, organisation: organisation.id }, config.jwtSecret);
}
