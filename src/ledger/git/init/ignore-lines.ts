/** What a project's `.gitignore` keeps out of its history: workspaces, and the identity that a shell takes on. */
const ignored: readonly { readonly line: string; readonly same: RegExp }[] = [
  { line: '/.sessions/', same: /^\/?\.sessions\/?$/ },
  { line: '/.worktrees/', same: /^\/?\.worktrees\/?$/ },
  { line: '/.session-env', same: /^\/?\.session-env$/ },
];

/** The lines that `text`, of a `.gitignore`, lacks. One that says the same in other words is none of them. */
export function missingIgnoreLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return ignored.filter(({ same }) => !lines.some((line) => same.test(line))).map(({ line }) => line);
}

/** `text` with `lines` at its end, and its own line breaks. */
export function withIgnoreLines(text: string, lines: readonly string[]): string {
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text === '' || text.endsWith('\n') ? text : `${text}${lineBreak}`;
  return before + lines.map((line) => `${line}${lineBreak}`).join('');
}
