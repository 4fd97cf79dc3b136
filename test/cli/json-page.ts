/** The page that says which fields each command prints with `--json`. */
export const jsonPage = new URL('../../docs/json.md', import.meta.url);

/** Objects whose names are somebody's words: of ports, files, fields of a plan, and kinds of event that are counted. */
const ownNames = /session show.* (?:fields|files)$|agent run.* summary$|provision.* ports$/;

/** The names of all fields of the documents that a `call` prints, where they stand: `changes[].path`. In the order in which they are printed. */
export function fieldsOf(call: string, documents: readonly unknown[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown, at: string): void => {
    if (Array.isArray(value)) {
      for (const one of value) look(one, `${at}[]`);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      const path = at === '' ? name : `${at}.${name}`;
      found.add(path);
      if (!ownNames.test(`${call} ${path}`)) look(inner, path);
    }
  };
  for (const document of documents) look(document, '');
  return [...found];
}

/** The page, of the fields by what was called. */
export function jsonPageOf(fields: ReadonlyMap<string, readonly string[]>): string {
  const rows = Array.from(fields, ([call, names]) => {
    // Where something is in a list or an object, its own line stands for that.
    const shown = names.filter(
      (name) => !names.some((other) => other.startsWith(`${name}.`) || other.startsWith(`${name}[]`)),
    );
    return `| ${call} | ${shown.map((name) => `\`${name}\``).join(', ')} |`;
  });
  return `${introduction}\n${rows.join('\n')}\n`;
}

const introduction = `# What commands print with \`--json\`

One JSON document on standard output and nothing else there, also where something goes wrong. What is only worth knowing
comes on standard error. \`mic agent run\` and \`mic watch\` print as they go: a document a line.

An error is \`{"error": {"code": "session/claim-lost", "message": "…"}}\`. The code and the exit code are for programs, and are
stable; the message is for people. A command that was understood and has another end than the usual one, such as a conflict,
prints its own document, with the exit code of that end ([cli.md](cli.md)).

No field goes or gets another name unnoticed: a test holds the commands to this page. Times end in \`Ms\` and are milliseconds, those of
a moment since 1970. A field that has no value is \`null\`; lists may be empty.

This page is made from what the commands print: \`MICELIO_JSON_PAGE=write node --test test/cli/every-command.test.ts\`. What a
list or field holds that was empty in that run is not named. \`[]\` is each element of a list.

| command | fields |
| --- | --- |`;
