/**
 * The rooms of the house, top floor first, and what each may import from. `ARCHITECTURE.md` says what they are for;
 * `architecture.test.ts` holds the code and that page to this table.
 */
export const rooms: Readonly<Record<string, { readonly imports: readonly string[] }>> = {
  cli: { imports: ['app', 'workspace', 'session', 'merge', 'git', 'tree', 'base'] },
  app: { imports: ['workspace', 'ledger', 'session', 'git', 'tree', 'blob', 'storage', 'base'] },
  workspace: { imports: ['session', 'tree', 'blob', 'storage', 'base'] },
  ledger: { imports: ['session', 'storage', 'base'] },
  session: { imports: ['merge', 'tree', 'blob', 'storage', 'base'] },
  merge: { imports: ['tree', 'base'] },
  git: { imports: ['tree', 'blob', 'storage', 'base'] },
  tree: { imports: ['blob', 'base'] },
  blob: { imports: ['storage', 'base'] },
  storage: { imports: ['base'] },
  base: { imports: [] },
};

/** The imports that the table does not allow, a line each. Paths are from `src/`. */
export function forbiddenImports(
  files: readonly { readonly path: string; readonly imports: readonly string[] }[],
): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((to) => !isAllowed(path, to)).map((to) => `${path} imports ${to}`),
  );
}

function isAllowed(from: string, to: string): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  // What stands beside the rooms is about all of them: this table and its test.
  if (room === undefined) return true;
  if (room === target) return true;
  // Tests may stand on any store.
  const floor = from.endsWith('.test.ts')
    ? [...(rooms[room]?.imports ?? []), 'storage', 'base']
    : rooms[room]?.imports;
  return target !== undefined && (floor?.includes(target) ?? false);
}

function roomOf(path: string): string | undefined {
  const slash = path.indexOf('/');
  return slash < 0 || path.startsWith('..') ? undefined : path.slice(0, slash);
}
