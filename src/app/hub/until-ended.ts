/** The signals by which people and systems end a program. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `work`, which has something to tidy up. A signal that would end this process at once aborts `work`, and ends the
 * process when that is through. Where somebody else answers signals already, it is theirs to say what is to end: `work` gets
 * no signal then.
 */
export async function untilEnded<T>(work: (ending: AbortSignal | undefined) => Promise<T>): Promise<T> {
  if (signals.some((signal) => process.listenerCount(signal) > 0)) return work(undefined);
  const ending = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => ending.abort(signal);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work(ending.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    // Nobody answers it any more, so the process ends as if it had come now.
    if (ending.signal.aborted) process.kill(process.pid, ending.signal.reason as NodeJS.Signals);
  }
}
