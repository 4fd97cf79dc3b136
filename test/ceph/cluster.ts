import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterPlan, cephConfiguration, gatewayName } from './ceph-configuration.ts';

/** How S3 is reached: any of the endpoints, with one pair of keys. */
export interface S3Service {
  /** `http://127.0.0.1:PORT` of each gateway. All serve the same buckets. */
  readonly endpoints: readonly string[];
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ClusterOptions {
  /** Everything of the cluster lies in here; a short path, since it has sockets. */
  readonly directory: string;
  readonly objectStore?: ClusterPlan['objectStore'];
  /** How many gateways there are; 1 unless told otherwise. */
  readonly gateways?: number;
}

const keys = {
  accessKeyId: 'micelio-test-access-key',
  secretAccessKey: 'micelio-test-secret-key-of-no-value',
};
/** How long a gateway may take until it answers, in ms. */
const startMsMax = 120_000;

/** A Ceph cluster of this process: a monitor, a disk, and gateways that speak S3. */
export class CephCluster {
  readonly service: S3Service;
  readonly #plan: ClusterPlan;
  readonly #daemons = new Map<string, ChildProcess>();

  /** Makes a cluster from nothing; one to eight seconds. */
  static async start(options: ClusterOptions): Promise<CephCluster> {
    const { directory, objectStore = 'memstore', gateways = 1 } = options;
    const [monitorPort = 0, ...gatewayPorts] = await freePorts(1 + gateways);
    const plan = { directory, objectStore, clusterId: randomUUID(), monitorPort, gatewayPorts };
    const cluster = new CephCluster(plan);
    try {
      await cluster.#make();
      await cluster.#startGateways();
    } catch (error) {
      await cluster.kill();
      throw new Error(`Ceph does not start: ${cluster.#lastWords()}`, { cause: error });
    }
    return cluster;
  }

  private constructor(plan: ClusterPlan) {
    this.#plan = plan;
    const endpoints = plan.gatewayPorts.map((port) => `http://127.0.0.1:${port}`);
    this.service = { endpoints, ...keys };
  }

  /** Kills a gateway, as a machine that fails does. */
  killGateway(index: number): Promise<void> {
    return this.#end(gatewayName(index), 'SIGKILL');
  }

  /** Starts a gateway that was killed, where it was. */
  startGateway(index: number): Promise<void> {
    this.#start(gatewayName(index), 'radosgw', ['-n', gatewayName(index)]);
    return this.#answers(index);
  }

  /** Kills every daemon at once. On bluestore, `restart` finds all that was acknowledged. */
  async kill(): Promise<void> {
    await Promise.all([...this.#daemons.keys()].reverse().map((name) => this.#end(name, 'SIGKILL')));
  }

  /** Starts the daemons again after `kill`. */
  async restart(): Promise<void> {
    this.#startMonitor();
    this.#startDisk();
    await this.#startGateways();
  }

  async #make(): Promise<void> {
    const { directory, clusterId, monitorPort, gatewayPorts } = this.#plan;
    for (const name of ['mon', 'osd', 'run', 'log', ...gatewayPorts.map((_, index) => `gateway${index}`)]) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    writeFileSync(this.#configuration, cephConfiguration(this.#plan));
    const map = join(directory, 'monmap');
    const monitor = `[v2:127.0.0.1:${monitorPort}/0]`;
    await this.#run('monmaptool', ['--create', '--fsid', clusterId, '--addv', 'a', monitor, map]);
    await this.#run('ceph-mon', [...this.#use, '-i', 'a', '--mkfs', '--monmap', map]);
    this.#startMonitor();
    const disk = randomUUID();
    await this.#run('ceph', [...this.#use, '--connect-timeout', '30', 'osd', 'new', disk]);
    await this.#run('ceph-osd', [...this.#use, '-i', '0', '--mkfs', '--osd-uuid', disk]);
    this.#startDisk();
    const user = ['user', 'create', '--uid=test', '--display-name=test'];
    const secrets = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`];
    // This makes the pools, too, and waits until the disk is there.
    await this.#run('radosgw-admin', [...this.#use, '-n', gatewayName(0), ...user, ...secrets]);
  }

  get #configuration(): string {
    return join(this.#plan.directory, 'ceph.conf');
  }

  get #use(): readonly string[] {
    return ['-c', this.#configuration];
  }

  get #log(): string {
    return join(this.#plan.directory, 'log', 'start.log');
  }

  #startMonitor(): void {
    this.#start('monitor', 'ceph-mon', ['-i', 'a']);
  }

  #startDisk(): void {
    this.#start('disk', 'ceph-osd', ['-i', '0']);
  }

  async #startGateways(): Promise<void> {
    await Promise.all(this.#plan.gatewayPorts.map((_, index) => this.startGateway(index)));
  }

  #start(name: string, program: string, args: readonly string[]): void {
    const log = openSync(this.#log, 'a');
    const daemon = spawn(program, [...args, ...this.#use, '-f'], { stdio: ['ignore', log, log] });
    daemon.on('error', (error) => appendFileSync(this.#log, `${program}: ${error.message}\n`));
    this.#daemons.set(name, daemon);
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemons.get(name);
    this.#daemons.delete(name);
    if (daemon?.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const log = openSync(this.#log, 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
  }

  async #answers(index: number): Promise<void> {
    const endpoint = this.service.endpoints[index]!;
    for (const end = performance.now() + startMsMax; performance.now() < end; await delay(50)) {
      const daemon = this.#daemons.get(gatewayName(index));
      if (daemon === undefined || daemon.exitCode !== null) break;
      const answer = await fetch(endpoint).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.ok) return;
    }
    throw new Error(`the gateway at ${endpoint} does not answer`);
  }

  #lastWords(): string {
    return readFileSync(this.#log, 'utf8').split('\n').slice(-20).join('\n');
  }
}

/** Ports that nobody listened on a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
