/** Where the servers of this folder listen, and which names are this machine's own. */

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Address {
  readonly host: string
  /** 0 takes one that is free. */
  readonly port: number
}

/** Begins to listen. Rejects where the address cannot be had. */
export async function listen(server: Server, { host, port }: Address): Promise<ServedAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const taken = (server.address() as AddressInfo).port
  return { port: taken, origin: `http://${hostInUrl(host)}:${taken}` }
}

interface ServedAddress {
  readonly port: number
  /** For instance "http://127.0.0.1:4747". */
  readonly origin: string
}

/** The host as URLs have it: an IPv6 address in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Whether a host, as URLs have it, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/.test(host)
}
