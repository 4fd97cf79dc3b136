import type { StoreFinding } from '../../app/store-check.ts';

/** What came of trying a store out, as programs get it. */
export function checkJson(store: string, findings: readonly StoreFinding[]) {
  const checks = findings.map(({ check, problem }) => ({ check, problem: problem ?? null }));
  return { store, usable: isUsable(findings), checks };
}

export function isUsable(findings: readonly StoreFinding[]): boolean {
  return findings.every(({ problem }) => problem === undefined);
}

/** The same for people, a line a check. */
export function checkText(store: string, findings: readonly StoreFinding[]): string {
  const lines = findings.map(({ check, problem }) =>
    problem === undefined ? `  ok      ${check}` : `  failed  ${check}\n          ${problem}`,
  );
  return [store, ...lines, isUsable(findings) ? 'It can be used.' : 'It cannot be used.'].join('\n');
}
