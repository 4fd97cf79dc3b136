/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What would make git work on another repository, index or identity than the one we name. A hook, for one, runs with
 * several of these set. Variables that describe the machine (`GIT_SSH_COMMAND`, `GIT_ASKPASS`, `GIT_CONFIG_GLOBAL`,
 * `GIT_TRACE`…) stay.
 */
const repositoryVariables = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_ATTR_SOURCE',
  'GIT_AUTHOR_DATE',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_NAME',
  'GIT_COMMITTER_DATE',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DEFAULT_HASH',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

/**
 * The environment in which git runs: `inherited` without what would point git elsewhere, in English, never asking
 * anything, never refreshing an index on the side, and with every object as it is and not as `refs/replace` has it.
 */
export function gitEnvironment(inherited: Environment): Environment {
  const environment: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(inherited)) {
    const configured = /^GIT_CONFIG_(?:KEY|VALUE)_\d+$/.test(name);
    if (!configured && !repositoryVariables.has(name)) environment[name] = value;
  }
  environment.LC_ALL = 'C';
  environment.GIT_TERMINAL_PROMPT = '0';
  environment.GIT_OPTIONAL_LOCKS = '0';
  environment.GIT_NO_REPLACE_OBJECTS = '1';
  return environment;
}
