import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

/** What a piece of work asked of servers: how many requests, and how long at least one of them was under way, in ms. */
export interface RequestsMeasured {
  readonly requests: number;
  readonly waitedMs: number;
}

interface HttpEvent {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
}

/** Runs `work` and measures the HTTP requests that this process sends meanwhile. */
export async function meterRequests(work: () => Promise<unknown>): Promise<RequestsMeasured> {
  const underWay = new Set<ClientRequest>();
  let [requests, since, waitedMs] = [0, 0, 0];
  const end = (request: ClientRequest): void => {
    if (underWay.delete(request) && underWay.size === 0) waitedMs += performance.now() - since;
  };
  const handlers: Record<string, (event: unknown) => void> = {
    'http.client.request.start': (event) => {
      requests++;
      if (underWay.size === 0) since = performance.now();
      underWay.add((event as HttpEvent).request);
    },
    'http.client.response.finish': (event) => {
      const { request, response } = event as HttpEvent;
      // The head of the answer is there; its body follows.
      response?.once('close', () => end(request));
    },
    'http.client.request.error': (event) => end((event as HttpEvent).request),
  };
  for (const [channel, handler] of Object.entries(handlers)) subscribe(channel, handler);
  try {
    await work();
  } finally {
    for (const [channel, handler] of Object.entries(handlers)) unsubscribe(channel, handler);
  }
  return { requests, waitedMs };
}
