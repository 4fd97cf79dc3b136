import { GitError } from './git-error.ts';
import type { ObjectId } from './object-id.ts';

/** Who did something, and when. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Milliseconds since the Unix epoch; git keeps whole seconds. */
  readonly ms: number;
  /** Minutes east of UTC, −1439 to 1439. */
  readonly offsetMinutes: number;
}

export interface CommitContent {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** The bytes of a commit object. Throws `git/signature-invalid` and `git/message-invalid`. */
export function encodeCommit({ tree, parents, author, committer, message }: CommitContent): Buffer {
  if (message.includes('\0')) {
    throw new GitError('git/message-invalid', 'A commit message cannot contain a NUL character. Remove it.');
  }
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signatureLine(author)}`,
    `committer ${signatureLine(committer)}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n${message.trimEnd()}\n`, 'utf8');
}

/** A person and a time, as headers of a commit have them. Throws `git/signature-invalid`. */
export function signatureLine({ name, email, ms, offsetMinutes }: Signature): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.abs(offsetMinutes);
  const wellFormed = name.trim() !== '' && !/[<>\n\0]/.test(name + email);
  if (
    !wellFormed ||
    !(seconds >= 0 && seconds < 2 ** 53) ||
    !Number.isInteger(minutes) ||
    minutes >= 24 * 60
  ) {
    throw new GitError(
      'git/signature-invalid',
      `${JSON.stringify(`${name} <${email}>`)} at ${ms} ms (UTC ${offsetMinutes} min) cannot sign a commit. Give a name that is not empty, no "<", ">" or line break in name and e-mail, and a date since 1970.`,
    );
  }
  const sign = offsetMinutes < 0 ? '-' : '+';
  const zone = String(Math.floor(minutes / 60) * 100 + (minutes % 60)).padStart(4, '0');
  return `${name.trim()} <${email.trim()}> ${seconds} ${sign}${zone}`;
}
