import type { Generated } from "kysely";
import * as z from "zod";
import { BLANK, optionalText, requiredText } from "../../platform/body.ts";
import type { StampedTime } from "../../platform/schema.ts";

/** A row of `users`. */
export interface UsersTable {
  id: Generated<number>;
  username: string;
  /** Null for everybody but the user: see `policies.ts`. */
  email: string;
  /** Null for everybody: only `withoutRLS()` reads it. */
  password_hash: string;
  bio: string | null;
  image: string | null;
  created_at: StampedTime;
  updated_at: StampedTime;
}

const MIN_PASSWORD = 8;
/** Hashing a longer one would cost more than it is worth. */
const MAX_PASSWORD = 256;

const email = requiredText(255).refine(
  (text) => text.trim() === "" || /^[^\s@]+@[^\s@]+$/.test(text),
  "is invalid",
);
const newPassword = requiredText(MAX_PASSWORD).refine(
  (text) => text.trim() === "" || text.length >= MIN_PASSWORD,
  `is too short (minimum is ${MIN_PASSWORD} characters)`,
);

/** The body of `POST /users`. */
export const NewUser = z.object({
  username: requiredText(64),
  email,
  password: newPassword,
});

/** The body of `POST /users/login`. */
export const Login = z.object({ email: requiredText(255), password: requiredText(MAX_PASSWORD) });

/** The body of `PUT /user`. */
export const UserChanges = z.object({
  username: requiredText(64).optional(),
  email: email.optional(),
  password: newPassword.optional(),
  bio: optionalText(10_000).optional(),
  image: optionalText(2_000).optional(),
}).refine((changes) => Object.values(changes).some((value) => value !== undefined), BLANK);

/** What `PUT /user` may change. */
export type UserChanges = z.output<typeof UserChanges>;
