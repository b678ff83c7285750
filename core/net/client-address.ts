/**
 * Where a request comes from, as limits count it: the address of whoever connected, or, where that is a proxy that the operator
 * named, the last address in X-Forwarded-For that is none of these proxies. Whatever else stands there, its sender wrote.
 *
 *     X-Forwarded-For: 203.0.113.7, 198.51.100.2        the proxy saw 198.51.100.2, which said that it speaks for 203.0.113.7
 *
 * An address of IPv6 counts by its first 64 bits: a household has that many at least.
 */

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

const NETWORK_GROUPS = 4
/** Most proxies that a request is followed back through. */
const MAX_HOPS = 16

/** Whether a text is an address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

export class ClientAddresses {
  readonly #proxies = new BlockList()

  /** `proxies` are addresses and networks. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', bits] = proxy.split('/')
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  isProxy(address: string | undefined): boolean {
    const plain = plainAddress(address ?? '')
    return isIP(plain) !== 0 && this.#proxies.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6')
  }

  /** The address that a request counts for. */
  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = plainAddress(socket.remoteAddress ?? '')
    const said = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .slice(-MAX_HOPS)
    while (this.isProxy(address)) {
      const before = plainAddress(said.pop()?.trim() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return groupOf(address)
  }

  /** The address that a connection counts for; undefined for a proxy's, which carries the requests of many. */
  ofConnection(address: string | undefined): string | undefined {
    return this.isProxy(address) ? undefined : groupOf(plainAddress(address ?? ''))
  }
}

/** An IPv4 address as such, even where an IPv6 socket reports it. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  return mapped ?? address.replace(/%.*$/, '')
}

function groupOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]]
  const isShort = address.includes('::')
  const zeros = isShort ? Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0') : []
  const groups = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${groups.join(':')}::/64`
}
