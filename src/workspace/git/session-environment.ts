/** What a session's shell knows: who works, on what, and where. Nothing in it is secret. */
export interface SessionEnvironment {
  readonly slug: string;
  readonly branch: string;
  /** Where the workspace and the hub are on this machine, absolute; left out in what all machines share. */
  readonly place?: { readonly directory: string; readonly upstream: string };
  readonly agent: { readonly name: string; readonly email: string };
  /** Which taking of the session this shell belongs to; left out where that does not matter. */
  readonly claim?: string;
}

/** The file that a shell sources to take on the session's identity. */
export const sessionEnvironmentName = '.session-env';

/** The variables of a session, by name. */
export function sessionVariables(session: SessionEnvironment): Readonly<Record<string, string>> {
  const { slug, branch, place, agent, claim } = session;
  return {
    SESSION_SLUG: slug,
    SESSION_BRANCH: branch,
    ...(claim !== undefined && { SESSION_CLAIM: claim }),
    ...(place && { SESSION_DIR: place.directory, SESSION_UPSTREAM: place.upstream }),
    GIT_AUTHOR_NAME: agent.name,
    GIT_AUTHOR_EMAIL: agent.email,
    GIT_COMMITTER_NAME: agent.name,
    GIT_COMMITTER_EMAIL: agent.email,
  };
}

/** The text of `.session-env`: lines that any POSIX shell understands, whatever the values hold. */
export function sessionEnvironmentText(session: SessionEnvironment): string {
  const lines = Object.entries(sessionVariables(session)).map(
    ([name, value]) => `export ${name}=${shellQuoted(value)}`,
  );
  return `# Source this to work as the agent of session ${session.slug}.\n${lines.join('\n')}\n`;
}

/** The lines of a workspace's `.session-env` that say where it and its hub are on this machine, absolute. */
export function placeText({ directory, upstream }: NonNullable<SessionEnvironment['place']>): string {
  return `export SESSION_DIR=${shellQuoted(directory)}\nexport SESSION_UPSTREAM=${shellQuoted(upstream)}\n`;
}

/** `text` as one word of a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
