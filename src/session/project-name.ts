import { SessionError } from './session-error.ts';

/** `org/name`: both are 1 to 64 characters `[a-z0-9._-]` that begin and end with a letter or digit. */
export type ProjectName = string & { readonly ProjectName: unique symbol };

const segment = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

/** Throws `project/name-invalid`. */
export function parseProjectName(text: string): ProjectName {
  const parts = text.split('/');
  if (parts.length !== 2 || !parts.every((part) => segment.test(part) && !part.includes('..'))) {
    throw new SessionError(
      'project/name-invalid',
      `"${text.slice(0, 140)}" is no project name. Write ORG/NAME, each 1 to 64 of a-z, 0-9, ".", "_" and "-", such as acme/web.`,
    );
  }
  return text as ProjectName;
}

/** Where the project lies in an object store, without a slash at the end (`docs/formats/store-layout.md`). */
export function projectPrefix(project: ProjectName): string {
  const [org, name] = project.split('/');
  return `micelio-${org}/projects/${name}`;
}
