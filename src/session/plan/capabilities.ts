import { fieldOf, parsePlan } from './plan.ts';

/** What somebody must be able to do to work on a session: the header field `**Capabilities:** ts, db`, in lower case. */
export function capabilitiesNeeded(plan: string): readonly string[] {
  // Most plans ask for nothing, and many are looked at: those are not parsed.
  if (!/capabilities/i.test(plan)) return [];
  return capabilityList(fieldOf(parsePlan(plan), 'Capabilities') ?? '');
}

/** Names of capabilities, parted by commas, in lower case. */
export function capabilityList(text: string): readonly string[] {
  const names = text.toLowerCase().split(',');
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
}

/** Whether somebody who has `own` has all that is needed. What needs nothing is for anybody. */
export function hasCapabilities(own: readonly string[], needed: readonly string[]): boolean {
  return needed.every((name) => own.includes(name));
}
