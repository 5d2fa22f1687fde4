import * as z from "zod";
import { email, password, text } from "../../platform/body.ts";
import type { Time } from "../../platform/schema.ts";

/** Who can sign in. The names of people are with the organisations that they are members of. */
export interface UsersTable {
  id: string;
  email: string;
  password_hash: string;
  is_support: number;
  created_at: Time;
}

/** Which members use an account, of whatever organisation. */
export interface AccountUsesTable {
  /** The id of the member; the organisation may be in another database. */
  member_id: string;
  user_id: string;
}

/** The record of organisations: where the data of each is. */
export interface OrganisationsTable {
  id: string;
  slug: string;
  name: string;
  plan: string;
  strategy: string;
  database_name: string | null;
  schema_name: string | null;
  /** `provisioning` until its tables are there. */
  state: string;
  created_at: Time;
}

/** The body of `POST /signup`. */
export const SignUp = z.strictObject({
  organisation: text(100),
  slug: z.string().regex(/^[a-z][a-z0-9-]{1,38}$/),
  name: text(100),
  email,
  password,
});

/** The body of `POST /login`. */
export const Login = z.strictObject({
  organisation: z.string().max(40),
  email,
  password: z.string().max(200),
});
