/** What a server has done since it was started. Plain numbers, for whoever wants to show them. */
export class NfsMetrics {
  /** Calls of each procedure, by its name ("nfs.getattr", "mount.mnt"). */
  readonly calls: Record<string, number> = {};
  /** Calls that were answered with an error, everyday ones included. */
  errors = 0;
  /** Calls that were no calls, or for programs that are not here. */
  refused = 0;
  /** Calls that were answered from the memory of duplicates. */
  duplicates = 0;
  bytesIn = 0;
  bytesOut = 0;
  connectionsOpen = 0;
  connectionsAccepted = 0;
  /** Connections closed at once, because there were too many. */
  connectionsRefused = 0;
  /** Connections closed for what came over them, or did not. */
  connectionsDropped = 0;

  count(procedure: string): void {
    this.calls[procedure] = (this.calls[procedure] ?? 0) + 1;
  }
}
