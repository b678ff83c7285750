/** The network of the simulator does what it says, or what is simulated proves nothing. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Fault, FaultProxy } from './fault-proxy.ts'

const MESSAGES = 400
const TIMEOUT_MS = 1_000

interface Seen {
  readonly fault: Fault | 'pass'
  /** What came of it for whoever sent it: the whole echo, something else, or nothing. */
  readonly outcome: 'echo' | 'other' | 'none'
  readonly arrivals: number
}

/** A server that echoes numbered messages and counts how often each arrived whole. */
async function echo(): Promise<{ readonly url: string; readonly arrived: number[] }> {
  const arrived: number[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      return
    }
    const body = Buffer.concat(parts).toString('utf8')
    arrived.push(Number(body.split(' ')[0]))
    response.writeHead(200, { 'content-type': 'text/plain' }).end(body)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived }
}

async function send(url: string, body: string): Promise<Seen['outcome']> {
  try {
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) })
    return (await response.text()) === body ? 'echo' : 'other'
  } catch {
    return 'none'
  }
}

/** The fault that was met once more than before. */
function lastMet(proxy: FaultProxy, before: ReadonlyMap<string, number>): Fault | 'pass' {
  const [fault] = [...proxy.met].find(([name, count]) => count > (before.get(name) ?? 0))!
  return fault as Fault | 'pass'
}

/** What each fault means for whoever sends, and how often the message arrives in the end. */
const EXPECTED: Record<Fault | 'pass', { readonly outcome: Seen['outcome']; readonly arrivals: number }> = {
  pass: { outcome: 'echo', arrivals: 1 },
  lost: { outcome: 'none', arrivals: 0 },
  half: { outcome: 'none', arrivals: 0 },
  late: { outcome: 'none', arrivals: 1 },
  twice: { outcome: 'echo', arrivals: 2 },
  again: { outcome: 'echo', arrivals: 2 },
  held: { outcome: 'echo', arrivals: 1 },
  unanswered: { outcome: 'none', arrivals: 1 },
  'half-answer': { outcome: 'none', arrivals: 1 },
  shortened: { outcome: 'other', arrivals: 1 },
  stalled: { outcome: 'none', arrivals: 1 },
  gateway: { outcome: 'other', arrivals: 0 },
  portal: { outcome: 'other', arrivals: 0 },
  slow: { outcome: 'echo', arrivals: 1 },
}

test('each fault is met, and does what it says', { timeout: 60_000 }, async () => {
  const { url, arrived } = await echo()
  const proxy = await FaultProxy.start(7, () => url)
  onTestFinished(() => proxy.close())
  const seen: Omit<Seen, 'arrivals'>[] = []
  for (let i = 0; i < MESSAGES; i++) {
    const before = new Map(proxy.met)
    const outcome = await send(proxy.url, `${i} ${'x'.repeat(i % 500)}`)
    seen.push({ fault: lastMet(proxy, before), outcome })
  }
  await proxy.settle()
  for (const [i, { fault, outcome }] of seen.entries()) {
    const arrivals = arrived.filter((number) => number === i).length
    expect({ i, fault, outcome, arrivals }).toEqual({ i, fault, ...EXPECTED[fault] })
  }
  expect(new Set(seen.map(({ fault }) => fault))).toEqual(new Set(Object.keys(EXPECTED)))
  const isOvertaken = arrived.some((number, at) => at > 0 && number < arrived[at - 1]!)
  expect(isOvertaken).toBe(true)
})

test('messages that are sent together overtake one another', async () => {
  const { url, arrived } = await echo()
  const proxy = await FaultProxy.start(3, () => url)
  onTestFinished(() => proxy.close())
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => send(proxy.url, `${round * 8 + i} .`)))
  }
  expect(proxy.met.get('held')).toBeGreaterThan(0)
  expect(arrived).not.toEqual([...arrived].sort((a, b) => a - b))
})

test('one seed draws the same faults each time; calm and parted are what they say', async () => {
  const drawn = async () => {
    const { url } = await echo()
    const proxy = await FaultProxy.start(11, () => url)
    onTestFinished(() => proxy.close())
    const outcomes: string[] = []
    for (let i = 0; i < 60; i++) outcomes.push(await send(proxy.url, `${i} ..`))
    proxy.isCalm = true
    for (let i = 60; i < 90; i++) expect(await send(proxy.url, `${i} ..`)).toBe('echo')
    proxy.isParted = true
    expect(await send(proxy.url, '90 ..')).toBe('none')
    return { outcomes, met: [...proxy.met] }
  }
  expect(await drawn()).toEqual(await drawn())
})
