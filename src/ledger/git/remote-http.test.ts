import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { agentAda, folderNames, openLedger, scratchHub, slugs } from './fixtures.ts';

const [one, two] = slugs(2) as [Slug, Slug];
const token = 'token-4f1c9a';

/** Git's own HTTP server for a repository, which asks for a token. `state.cut`: the answer to a push never arrives. */
async function serve(t: TestContext, repository: ScratchRepository) {
  const state = { cut: false, pushes: 0 };
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const isPush = request.method === 'POST' && request.url!.endsWith('git-receive-pack');
    if (isPush) state.pushes++;
    answer(backend, repository.directory, request, response, isPush && state.cut);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Runs git's CGI program for one request. */
function answer(
  backend: string,
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
  cut: boolean,
): void {
  const [path, query = ''] = request.url!.split('?');
  const { headers } = request;
  const variables = {
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_USER: 'ada',
  };
  const child = spawn(backend, [], { env: { ...scratchEnvironment, ...variables } });
  request.pipe(child.stdin);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.on('close', () => {
    if (cut) {
      request.socket.destroy();
      return;
    }
    const output = Buffer.concat(pieces);
    const end = output.indexOf('\r\n\r\n');
    for (const line of output.toString('latin1', 0, end).split('\r\n')) {
      const [name, value] = line.split(': ');
      if (name === 'Status') response.statusCode = Number.parseInt(value!, 10);
      else response.setHeader(name!, value!);
    }
    response.end(output.subarray(end + 4));
  });
}

test('a remote over HTTP decides, its token stays with git, and a push whose answer is lost has happened', async (t) => {
  const remote = scratchHub(t, [one, two], { settings: { authority: 'origin' } });
  remote.git(['config', 'http.receivepack', 'true']);
  const { state, url } = await serve(t, remote);
  const credentials = join(temporaryDirectory(t), 'credentials');
  writeFileSync(credentials, `${url.replace('//', `//ada:${token}@`)}\n`);
  const hub = ScratchRepository.create(t);
  hub.git(['remote', 'add', 'origin', url]);
  hub.git(['config', 'credential.helper', `store --file=${credentials}`]);
  // The server is in this process, so git must not block it.
  await scratchGit.run(['-C', hub.directory, 'fetch', '-q', 'origin', 'main:main']);
  const ledger = await openLedger(t, hub);
  const { value: claim } = await ledger.claim({ slug: one, by: agentAda });
  state.cut = true;
  await ledger.complete({ token: claim });
  assert.ok(state.pushes >= 2);
  assert.equal(remote.git(['rev-list', '--count', 'main']), '3');
  assert.deepEqual(folderNames(remote, 'completed'), [one]);
  state.cut = false;
  writeFileSync(credentials, '');
  await assert.rejects(ledger.claim({ slug: two, by: agentAda }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ledger/unreachable');
    assert.ok(!`${error.message}${JSON.stringify(error.cause)}`.includes(token));
    return true;
  });
  for (const { directory } of [hub, remote]) {
    const found = execFileSync('sh', ['-c', `grep -rl ${token} . || true`], {
      cwd: directory,
      encoding: 'utf8',
    });
    assert.equal(found, '');
  }
});
