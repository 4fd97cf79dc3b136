/** The nine permission bits of a mode. */
const permissionBits = 0o777;

/**
 * The permissions that a tree keeps of a file's or directory's mode. Whether the group may write depends on the umask
 * of whoever made the file, so `rw-rw-r--` counts as `rw-r--r--` and `rwxrwxr-x` as `rwxr-xr-x`: otherwise people with
 * different umasks would change each other's files by checking them out. All other permissions are kept exactly.
 */
export function keptPermissions(mode: number): number {
  const permissions = mode & permissionBits;
  if (permissions === 0o664) return 0o644;
  if (permissions === 0o775) return 0o755;
  return permissions;
}
