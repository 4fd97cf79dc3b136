/** The signals by which people and systems end a program. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Signalled {
  /** Aborted by the first signal. */
  readonly stop: AbortSignal;
  /** Aborted by the second: whoever asks twice does not want to wait. */
  readonly terminate: AbortSignal;
}

/** Runs `work`, which ends by itself once it is signalled; signals do not end the process meanwhile. */
export async function untilSignalled<T>(work: (signalled: Signalled) => Promise<T>): Promise<T> {
  const [stop, terminate] = [new AbortController(), new AbortController()];
  const onSignal = () => (stop.signal.aborted ? terminate : stop).abort();
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work({ stop: stop.signal, terminate: terminate.signal });
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
