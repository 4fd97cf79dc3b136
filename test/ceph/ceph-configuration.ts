import { join } from 'node:path';

export interface ClusterPlan {
  readonly directory: string;
  /** `memstore` forgets everything when it ends; `bluestore` survives `kill -9`. */
  readonly objectStore: 'memstore' | 'bluestore';
  readonly clusterId: string;
  readonly monitorPort: number;
  /** The ports of the gateways, one each. */
  readonly gatewayPorts: readonly number[];
}

/** The daemons' name of a gateway. */
export function gatewayName(index: number): string {
  return `client.gateway${index}`;
}

/** The configuration file of a cluster with one disk, which is all on the loopback interface and knows no passwords. */
export function cephConfiguration(plan: ClusterPlan): string {
  const { directory, objectStore, clusterId, monitorPort, gatewayPorts } = plan;
  const [run, log] = [join(directory, 'run'), join(directory, 'log')];
  return [
    section('global', {
      fsid: clusterId,
      mon_host: `[v2:127.0.0.1:${monitorPort}/0]`,
      public_addr: '127.0.0.1',
      cluster_addr: '127.0.0.1',
      ms_bind_msgr1: false,
      auth_cluster_required: 'none',
      auth_service_required: 'none',
      auth_client_required: 'none',
      // Gateways insist on encrypting otherwise, for which they would need a password.
      ms_mon_client_mode: 'crc',
      run_dir: run,
      crash_dir: run,
      pid_file: join(run, '$name.pid'),
      admin_socket: join(run, '$name.asok'),
      log_file: join(log, '$name.log'),
      mon_cluster_log_file: join(log, 'cluster.log'),
      log_to_stderr: false,
      err_to_stderr: false,
      ...Object.fromEntries(quietSubsystems.map((name) => [`debug_${name}`, '0/0'])),
      // One disk, one copy.
      osd_pool_default_size: 1,
      osd_pool_default_min_size: 1,
      osd_crush_chooseleaf_type: 0,
      osd_pool_default_pg_num: 1,
      osd_pool_default_pgp_num: 1,
      osd_pool_default_pg_autoscale_mode: 'off',
      rgw_rados_pool_pg_num_min: 1,
      mon_allow_pool_size_one: true,
      mon_max_pg_per_osd: 1000,
      // Monitors gather decisions for a second otherwise, and making pools takes many.
      paxos_propose_interval: 0.02,
      paxos_min_wait: 0.01,
      mon_data_avail_warn: 1,
      mon_data_avail_crit: 1,
    }),
    section('mon.a', { mon_data: join(directory, 'mon') }),
    section('osd.0', {
      osd_data: join(directory, 'osd'),
      osd_objectstore: objectStore,
      memstore_device_bytes: 8 * 2 ** 30,
      bluestore_block_size: 10 * 2 ** 30,
      osd_memory_target: 2 ** 30,
      osd_fast_shutdown: false,
    }),
    ...gatewayPorts.map((port, index) =>
      section(gatewayName(index), {
        rgw_data: join(directory, `gateway${index}`),
        rgw_frontends: `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
        rgw_enable_apis: 's3',
        rgw_thread_pool_size: 64,
        rgw_override_bucket_index_max_shards: 1,
        rgw_dynamic_resharding: false,
        // Version 16 deletes several objects of a request at once, and may crash over it.
        rgw_multi_obj_del_max_aio: 1,
      }),
    ),
  ].join('\n');
}

const quietSubsystems = ['rgw', 'osd', 'ms', 'mon', 'paxos', 'bluestore', 'rocksdb', 'objecter'];

function section(name: string, settings: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(settings).map(([setting, value]) => `${setting} = ${value}`);
  return [`[${name}]`, ...lines, ''].join('\n');
}
