/** The console's desk and its HTTP server in this process, over a real ledger in a folder, and clients as a page has them. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client'
import { EventSource } from 'eventsource'
import { onTestFinished } from 'vitest'
import type { Router } from '../../core/api/router.ts'
import { ConsoleDesk, type ConsoleOptions } from '../../core/bin/console/console-desk.ts'
import { type ConsoleServer, serveConsole } from '../../core/net/console-server.ts'
import { Pages } from '../../core/net/pages.ts'
import { foundMarket, type Market } from '../cli/market.ts'
import { copyOf, folder } from '../cli/run.ts'

export type Client = TRPCClient<Router>

let market: Promise<Market> | undefined

/** A copy of one market for each test, so that each has its own. */
export async function marketCopy(): Promise<Market> {
  market ??= foundMarket()
  const original = await market
  return { ...original, dir: copyOf(original.dir) }
}

export function openDesk(dir: string, options: Partial<ConsoleOptions> = {}): ConsoleDesk {
  const desk = new ConsoleDesk({ dir, version: '0.0.0', lockAfterMinutes: 0, ...options })
  onTestFinished(() => desk.close())
  return desk
}

/** A page of two files, as the build makes them. */
export function samplePages(): Pages {
  const built = folder()
  mkdirSync(join(built, 'assets'))
  writeFileSync(
    join(built, 'index.html'),
    '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><title>NIM Ledger</title>',
  )
  writeFileSync(join(built, 'assets/index-abc.js'), 'export {}')
  return new Pages(built)
}

export async function serve(host: ConsoleDesk): Promise<ConsoleServer> {
  const server = await serveConsole({ host, pages: samplePages(), address: { host: '127.0.0.1', port: 0 } })
  onTestFinished(() => server.close())
  return server
}

/** Opens the address as a browser would, and keeps the cookie. */
export async function visit(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: 'manual' })
  if (answer.status !== 303) throw new Error(`The console let nobody in: ${answer.status} ${await answer.text()}`)
  return answer.headers.getSetCookie()[0]!.split(';', 1)[0]!
}

/** A client as the page has it, with the headers that a browser would add; `cut` breaks its events off, as a network does. */
export function httpClient(origin: string, cookie: string): { readonly client: Client; readonly cut: () => void } {
  const headers = { cookie, origin }
  const open = new Set<TransformStreamDefaultController>()
  const fetchEvents: typeof fetch = async (input, init) => {
    const answer = await fetch(input, { ...init, headers: { ...(init?.headers as object), ...headers } })
    let line: TransformStreamDefaultController | undefined
    const cable = new TransformStream({
      start: (controller) => {
        line = controller
        open.add(controller)
      },
      flush: () => void open.delete(line!),
    })
    const { status, headers: answered } = answer
    const broken = new Response(answer.body?.pipeThrough(cable), { status, headers: answered })
    return Object.defineProperty(broken, 'url', { value: answer.url })
  }
  class Events extends EventSource {
    constructor(url: string | URL) {
      super(url, { fetch: fetchEvents as never })
    }
  }
  const url = `${origin}/trpc`
  const client = createTRPCClient<Router>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({ url, EventSource: Events as never }),
        false: httpBatchLink({ url, headers, maxItems: 20, methodOverride: 'POST' }),
      }),
    ],
  })
  const cut = () => {
    for (const line of open) line.error(new Error('The line was cut.'))
    open.clear()
  }
  return { client, cut }
}
