import type { ObjectId } from '../../git/object-id.ts';
import type { RefMove } from '../../git/refs.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import type { Authority, AuthorityRefs, LedgerNote, MoveOptions, MoveResult } from './authority.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { Hub } from './hub.ts';
import type { HubReader } from './hub-reader.ts';
import { MainTree } from './init/main-tree.ts';
import { type AuthorityChoice, isSameAuthority, parseSettings } from './settings.ts';

interface Settled {
  readonly hub: Hub;
  readonly reader: HubReader;
  /** Whom the settings name, and the commit of main that they were read at. */
  readonly known: { readonly main: ObjectId; readonly authority: AuthorityChoice | undefined };
}

/**
 * An authority that moves refs only while main's settings name it. Who decides may have been changed since the ledger was
 * opened, or where its hub has not heard of it: two repositories that both decide would give a session away twice.
 */
export class SettledAuthority implements Authority {
  readonly glance?: NonNullable<Authority['glance']>;
  readonly recent?: NonNullable<Authority['recent']>;
  readonly #authority: Authority;
  readonly #settled: Settled;
  #checked: ObjectId;
  #seen: ObjectId;

  constructor(authority: Authority, settled: Settled) {
    this.#authority = authority;
    this.#settled = settled;
    this.#checked = settled.known.main;
    this.#seen = settled.known.main;
    if (authority.glance !== undefined) {
      this.glance = async (slugs, objects) => this.#noted(await authority.glance?.(slugs, objects));
    }
    if (authority.recent !== undefined) this.recent = (msMax) => this.#noted(authority.recent?.(msMax));
  }

  get name(): string {
    return this.#authority.name;
  }

  async look(): Promise<AuthorityRefs> {
    return this.#noted(await this.#authority.look());
  }

  /** Throws `ledger/authority-changed`. */
  async move(moves: readonly RefMove[], options: MoveOptions): Promise<MoveResult> {
    if (this.#seen !== this.#checked) await this.#check(this.#seen);
    return this.#authority.move(moves, options);
  }

  catchUp(): Promise<readonly LedgerNote[]> {
    return this.#authority.catchUp();
  }

  #noted<T extends AuthorityRefs | undefined>(refs: T): T {
    if (refs !== undefined) this.#seen = refs.main;
    return refs;
  }

  async #check(main: ObjectId): Promise<void> {
    const { hub, reader, known } = this.#settled;
    const tree = await MainTree.of(hub.repository, new StagedObjects(hub.repository, reader.current), main);
    const { settings } = hub.layout;
    const { authority } = parseSettings(await tree.file(settings), settings);
    if (!isSameAuthority(authority, known.authority)) throw changed(hub, this.name);
    this.#checked = main;
  }
}

function changed({ main }: Hub, name: string): GitLedgerError {
  return new GitLedgerError(
    'ledger/authority-changed',
    `Who decides about the sessions has been changed on ${main} of ${name}. Nothing was changed now. Do it again; where that says the same, bring your main branch up to date first ("git pull", or "mic hub sync --rebase").`,
  );
}
