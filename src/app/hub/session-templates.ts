import type { GitLedger } from '../../ledger/git/git-ledger.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { TreePath } from '../../tree/path.ts';
import { Template } from '../../workspace/provision/template.ts';
import { packagedText } from './skeleton.ts';

/** A template that a project can change, in `_templates/`. */
export interface SessionTemplate {
  /** Its path on main, for errors. */
  readonly file: string;
  readonly text: string;
}

export const sessionTemplateNames = {
  plan: 'SESSION.md.j2',
  knowledgePlan: 'kb-merge-SESSION.md.j2',
  environment: 'session-env.template.j2',
} as const;

/** The project's template of that kind, as main has it; Micelio's own, where it has none. */
export async function readSessionTemplate(
  ledger: GitLedger,
  kind: keyof typeof sessionTemplateNames,
): Promise<SessionTemplate> {
  const name = sessionTemplateNames[kind];
  const file = `${ledger.hub.layout.sessions}/_templates/${name}`;
  const bytes = await ledger.file(file as TreePath);
  return { file, text: bytes?.toString('utf8') ?? packagedText(`sessions/_templates/${name}`) };
}

/** What a plan says when it is drafted. What nothing was said about is empty. */
export interface SessionPlanValues {
  readonly slug: Slug;
  readonly title: string;
  readonly context: string;
  readonly problemStatement: string;
  /** A sentence each. */
  readonly acceptanceCriteria: readonly string[];
  readonly subsessions: readonly string[];
  readonly risks: readonly string[];
  readonly dependencies: readonly string[];
  readonly edgeCases: readonly string[];
  readonly notes: string;
}

/** The `SESSION.md` of a session. Throws `provision/template-invalid` and `provision/variable-undefined`. */
export function renderSessionPlan(template: SessionTemplate, values: SessionPlanValues): string {
  return rendered(template, {
    SESSION_SLUG: values.slug,
    TITLE: onOneLine(values.title),
    CONTEXT: values.context.trim(),
    PROBLEM_STATEMENT: values.problemStatement.trim(),
    ACCEPTANCE_CRITERIA: listOf(values.acceptanceCriteria, '- [ ] '),
    SUBSESSIONS: listOf(values.subsessions, '1. '),
    RISKS: listOf(values.risks, '- '),
    DEPENDENCIES: listOf(values.dependencies, '- '),
    EDGE_CASES: listOf(values.edgeCases, '- '),
    NOTES: values.notes.trim(),
  });
}

export interface KnowledgePlanValues {
  /** The session that merges, and the one whose learnings it merges. */
  readonly slug: Slug;
  readonly source: Slug;
  /** In words. */
  readonly topic: string;
  /** Where the learnings are, from the top of the repository. */
  readonly learnings: TreePath;
  readonly createdMs: number;
}

/** The `SESSION.md` of a session that merges knowledge. Throws as `renderSessionPlan` does. */
export function renderKnowledgePlan(template: SessionTemplate, values: KnowledgePlanValues): string {
  return rendered(template, {
    SESSION_SLUG: values.slug,
    SOURCE_SESSION: values.source,
    TOPIC: onOneLine(values.topic),
    LEARNINGS: values.learnings,
    TIMESTAMP: new Date(values.createdMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  });
}

/** The `.session-env` that a claim commits. Throws as `renderSessionPlan` does. */
export function renderSessionEnvironment(template: SessionTemplate, slug: Slug, agent: Agent): string {
  return rendered(template, { SESSION_SLUG: slug, USER_NAME: agent.name, USER_EMAIL: agent.email });
}

function rendered({ file, text }: SessionTemplate, values: Readonly<Record<string, string>>): string {
  const rendering = new Template(file, text).render(values);
  return rendering.endsWith('\n') ? rendering : `${rendering}\n`;
}

function listOf(items: readonly string[], mark: string): string {
  return items.map((item) => `${mark}${onOneLine(item)}`).join('\n');
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
