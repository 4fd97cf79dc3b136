import { type Configuration, readConfiguration } from '../app/configuration.ts';
import { wakeFileServer } from '../app/file-server/wake.ts';
import type { Micelio } from '../app/micelio.ts';
import { StoreRequests } from '../app/store-requests.ts';
import { version } from '../app/version.ts';
import { MicelioError } from '../base/error.ts';
import { CliError } from './cli-error.ts';
import type { Answer, Command } from './command.ts';
import type { CommandEntry } from './commands.ts';
import { exitCodes, exitOf } from './exit-codes.ts';
import { parseArguments } from './parse-arguments.ts';
import type { Program } from './program.ts';
import { noProgress, terminalProgress } from './progress.ts';
import { printable } from './wording.ts';

/** The standard streams and surroundings of a process, so that a test can be one. */
export interface Process {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Runs a program and returns its exit code. Never throws. */
export async function main(program: Program, process: Process): Promise<number> {
  const json =
    process.argv.includes('--json') && !process.argv.slice(0, process.argv.indexOf('--json')).includes('--');
  const requests = new StoreRequests();
  try {
    const { entry, rest } = findCommand(program, process.argv);
    if (entry === undefined) return print(process, await overview(program, rest), json);
    const { default: command } = await entry.load();
    if (asksForHelp(rest)) {
      const { commandHelp } = await import('./help.ts');
      return print(process, helpAnswer(commandHelp(program, entry, command)), json);
    }
    return print(
      process,
      await run(program, process, { entry, command, rest, requests, json }),
      json,
      requests,
    );
  } catch (error) {
    return fail(program, process, error, json, requests);
  }
}

/** The command that the first words name, and all others. What every command takes may also stand in front of it. */
function findCommand(
  { commands }: Program,
  argv: readonly string[],
): { entry: CommandEntry | undefined; rest: readonly string[] } {
  const start = leadingOptions(argv);
  for (const words of [2, 1]) {
    const entry = commands.find(({ path }) => path === argv.slice(start, start + words).join(' '));
    if (entry !== undefined) return { entry, rest: argv.toSpliced(start, words) };
  }
  return { entry: undefined, rest: argv.slice(start) };
}

/** How many words the options in front of the command are. */
function leadingOptions(argv: readonly string[]): number {
  let count = 0;
  for (;;) {
    const word = argv[count];
    if (word === '--json' || word?.startsWith('--store=')) count++;
    else if (word === '--store') count += 2;
    else return count;
  }
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const before = end < 0 ? argv : argv.slice(0, end);
  return before.includes('--help') || before.includes('-h');
}

/** What a program says where no command is called: help, the version, or what was wrong. */
async function overview(program: Program, argv: readonly string[]): Promise<Answer> {
  const { name, commands } = program;
  const { groupHelp } = await import('./help.ts');
  if (argv[0] === '--version' || argv[0] === '-V')
    return { json: { version: version() }, text: `${name} ${version()}` };
  const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const group = words[0];
  if (group === undefined) {
    const unknown = argv.find((word) => !['--help', '-h', '--json', 'help'].includes(word));
    if (unknown === undefined) return helpAnswer(groupHelp(program, undefined));
    throw new CliError('cli/usage', `Unknown option '${unknown}'. "${name} --help" lists the commands.`);
  }
  const isGroup = commands.some(({ path }) => path.startsWith(`${group} `));
  if (isGroup && (words.length === 1 || asksForHelp(argv))) return helpAnswer(groupHelp(program, group));
  const names = commands.map(({ path }) => path).filter((path) => !isGroup || path.startsWith(`${group} `));
  const shown = words.slice(0, 2).join(' ');
  throw new CliError(
    'cli/usage',
    `There is no command "${name} ${shown}". Did you mean ${closest(name, shown, names)}? "${name} --help" lists all.`,
  );
}

function helpAnswer(help: string): Answer {
  return { json: { help }, text: help };
}

/** The three names that need the fewest changes of letters to become `word`. */
function closest(program: string, word: string, names: readonly string[]): string {
  const best = names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .sort((a, b) => a.distance - b.distance);
  return best
    .slice(0, 3)
    .map(({ name }) => `"${program} ${name}"`)
    .join(', ');
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same));
    }
    row = next;
  }
  return row[b.length]!;
}

/** A call of a command, as it stands on the command line. */
interface Call {
  readonly entry: CommandEntry;
  readonly command: Command;
  /** What stands there besides the words of the command. */
  readonly rest: readonly string[];
  readonly requests: StoreRequests;
  readonly json: boolean;
}

async function run(program: Program, process: Process, call: Call): Promise<Answer> {
  const { entry, command, rest, requests, json } = call;
  const { args, options, store } = parseArguments(program, entry, command, rest);
  const environment =
    store === undefined ? process.environment : { ...process.environment, MICELIO_STORE: store };
  await wakeFileServer(environment, process.directory);
  const configuration = readConfiguration(environment, process.directory);
  const progress = process.stderr.isTTY
    ? terminalProgress(process.stderr, () => performance.now())
    : noProgress;
  try {
    return await command.run(
      {
        configuration,
        environment,
        openMicelio: once(() => openMicelio(process, configuration, requests)),
        requests,
        directory: process.directory,
        progress,
        readInput: () => readAll(process.stdin),
        announce: (answer) => sayResult(process, answer, json, requests),
      },
      args,
      options as never,
    );
  } finally {
    progress.clear();
    await tally(configuration, requests, entry.path);
  }
}

async function openMicelio(
  process: Process,
  configuration: Configuration,
  requests: StoreRequests,
): Promise<Micelio> {
  const { Micelio } = await import('../app/micelio.ts');
  return Micelio.open({ ...configuration, requests }, noteOnce(process));
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** Notes what the command has cost in requests, for `mic store stats`. */
async function tally(
  { requestTally }: Configuration,
  { counter }: StoreRequests,
  operation: string,
): Promise<void> {
  if (requestTally === undefined || counter === undefined) return;
  // Loaded here: on a store in a directory there is nothing to note.
  const { RequestTally } = await import('../app/request-tally.ts');
  await new RequestTally(requestTally).add(counter.places, () => operation, Date.now());
}

/** Tells the first time that something is amiss that the work can do without; more of the same would only be noise. */
function noteOnce({ stderr }: Process): (problem: Error) => void {
  let told = false;
  return ({ message }) => {
    if (!told)
      stderr.write(`The cache of the store cannot be used, and it goes on without: ${printable(message)}\n`);
    told = true;
  };
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString('utf8');
}

function print(process: Process, answer: Answer, json: boolean, requests?: StoreRequests): number {
  for (const note of answer.notes ?? []) process.stderr.write(`${printable(note)}\n`);
  sayResult(process, answer, json, requests);
  return exitCodes[answer.exit ?? 'ok'].code;
}

function sayResult(process: Process, answer: Answer, json: boolean, requests?: StoreRequests): void {
  if (json) {
    if (answer.json === undefined) return;
    if (answer.form === 'line') process.stdout.write(`${JSON.stringify(answer.json)}\n`);
    else printJson(process, answer.json, requests);
  } else if (typeof answer.text !== 'string') process.stdout.write(answer.text);
  else if (answer.text !== '') process.stdout.write(`${printable(answer.text)}\n`);
}

/** Prints the one document, an object with what the command has cost so far, if it has sent any requests. */
function printJson({ stdout }: Process, document: unknown, requests: StoreRequests | undefined): void {
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const counted = isObject ? requests?.counter?.total : undefined;
  const whole = counted === undefined ? document : { ...(document as object), storeRequests: counted };
  stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
}

function fail(
  { name }: Program,
  process: Process,
  error: unknown,
  json: boolean,
  requests: StoreRequests,
): number {
  const exit = exitCodes[exitOf(error)].code;
  const code = error instanceof MicelioError ? error.code : 'unexpected';
  const message = error instanceof Error ? error.message : String(error);
  if (json) printJson(process, { error: { code, message } }, requests);
  else process.stderr.write(`${name}: ${printable(message)}\n`);
  if (code === 'unexpected' && error instanceof Error && !json)
    process.stderr.write(`${printable(error.stack ?? '')}\n`);
  return exit;
}
