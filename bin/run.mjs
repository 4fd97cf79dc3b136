// Written for any Node.js, so that one that is too old gets a sentence and not a stack.

/** Runs a program of this package: `mic` or `mic-fs`. */
export async function run(name) {
  const needed = 24;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < needed) {
    console.error(
      `${name}: this is Node.js ${process.versions.node}, and ${name} needs version ${needed} or newer.`,
    );
    console.error(
      `${name}: in a checkout, run "npm ci", which brings one along; elsewhere, install it, or name one in MICELIO_NODE.`,
    );
    process.exit(1);
  }

  const { existsSync } = await import('node:fs');
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();

  // A checkout runs its sources; a published package has only what was built of them (scripts/build.ts).
  const isCheckout = existsSync(new URL('../src/cli/main.ts', import.meta.url));
  const load = (file) =>
    import(new URL(isCheckout ? `../src/cli/${file}.ts` : `../dist/code/${file}.js`, import.meta.url).href);
  const [{ main }, { program }] = await Promise.all([
    load('main'),
    load(name === 'mic' ? 'commands' : 'mic-fs'),
  ]);

  // A reader that has seen enough (mic ... | head) is no failure.
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await main(program, {
    argv: process.argv.slice(2),
    environment: process.env,
    directory: currentDirectory(name),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

/** A shell may stand in a directory that somebody, such as a command that removed a workspace, has deleted. */
function currentDirectory(name) {
  try {
    return process.cwd();
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    console.error(`${name}: the directory you are in is gone. Go to another one, with "cd", and try again.`);
    process.exit(1);
  }
}
