import { type CliError, failure } from "./_cli_error.ts";

/** What the codes of a system say, for a file that a user has named. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system can only be read",
  ENOSPC: "no space is left",
  EDQUOT: "no space is left",
  ENOTDIR: "a part of its path is not a folder",
  EEXIST: "there is a file of that name",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file or folder",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
};

/** What calls to a system do with files; any other call is about something else. */
const ACTIONS: Readonly<Record<string, string>> = {
  access: "open",
  copyfile: "copy",
  mkdir: "create",
  mkdtemp: "create",
  open: "open",
  read: "read",
  rename: "rename",
  rm: "remove",
  rmdir: "remove",
  scandir: "read",
  stat: "read",
  lstat: "read",
  unlink: "remove",
  write: "write",
};

/**
 * Returns the failure that says in words why a file cannot be used, or `undefined` if something else
 * failed.
 *
 * @param error what was thrown
 * @param known what was done to which file, where the error tells of another one
 */
export function fileFailure(
  error: unknown,
  known?: { readonly action: string; readonly path: string },
): CliError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const reason = code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const action = known?.action ??
    (syscall !== undefined && Object.hasOwn(ACTIONS, syscall) ? ACTIONS[syscall] : undefined);
  const file = known?.path ?? path;
  if (reason === undefined || action === undefined || file === undefined) return undefined;
  return failure(`Cannot ${action} "${file}": ${reason}`, { cause: error });
}
