import { runFleet } from '../test/agents-fleet.ts';

/** `npm run agents-fleet -- [AGENTS] [SESSIONS] [HUBS] [KILLS]`: left out, 50 runners, 200 sessions, one hub, 5 kills. */
const [agents = 50, sessions = 200, hubs = 1, kills = 5] = process.argv.slice(2).map(Number);
let told = 0;
const result = await runFleet({ agents, sessions, hubs, kills, leaseSeconds: 120 }, (line) => {
  const isProgress = / completed, /.test(line);
  if (isProgress && performance.now() - told < 10_000) return;
  if (isProgress) told = performance.now();
  console.error(line);
});
const { seconds, commits, carriedOn } = result;
console.log(
  `${agents} runners, ${sessions} sessions, ${hubs} hubs, ${kills} killed: ${seconds.toFixed(0)} s, ${commits} commits on main, ${carriedOn} sessions carried on or taken over`,
);
