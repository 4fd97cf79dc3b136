import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, type RunOptions, Scratch } from '../mic.ts';

/** A git repository with sessions laid out by `mic init`, and the released `mic` in it, as real processes. */
export class HubScratch extends Scratch {
  /** The checkout of main that is the hub. */
  readonly hub: string;

  private constructor() {
    super('agent sessions');
    this.hub = join(this.directory, 'project');
  }

  /** `files` are those of the project, `init` options of `mic init`. */
  static async create(
    files: Readonly<Record<string, string>> = {},
    ...init: readonly string[]
  ): Promise<HubScratch> {
    const scratch = new HubScratch();
    await scratch.repository('project', { 'README.md': '# A project\n', 'src/a.c': 'int a;\n', ...files });
    await scratch.mic(['init', ...init], { in: scratch.hub });
    return scratch;
  }

  /** Types lines into a bash in the hub, which stops at the first one that fails. */
  bash(lines: string, options: RunOptions = {}): Promise<Ended> {
    return this.run('bash', ['-c', `set -e\n${lines}`], { in: this.hub, ...options });
  }

  /** A session that can be claimed. */
  async planned(title: string, ...options: readonly string[]): Promise<string> {
    const { slug } = await this.json<{ slug: string }>(['session', 'draft', title, ...options], {
      in: this.hub,
    });
    await this.mic(['session', 'ready', slug], { in: this.hub });
    return slug;
  }

  /** A session with a workspace, which is returned too. */
  async started(title: string, ...options: readonly string[]): Promise<{ slug: string; workspace: string }> {
    return this.json(['session', 'start', title, ...options], { in: this.hub });
  }

  /** What git prints in the hub, trimmed. */
  async says(...args: readonly string[]): Promise<string> {
    return (await this.git(args, this.hub)).stdout.trim();
  }

  /** The state of a session. */
  async stateOf(slug: string): Promise<string> {
    return (await this.json<{ state: string }>(['session', 'show', slug], { in: this.hub })).state;
  }

  /** The text of a file of the hub's checkout; undefined where it has none. */
  read(path: string): string | undefined {
    const file = join(this.hub, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }
}

/** How an agent of another name is seen by `mic` and git. */
export function agentNamed(name: string): Record<string, string | undefined> {
  return { MICELIO_AGENT_NAME: name, MICELIO_AGENT_EMAIL: `${name}@example.org` };
}
