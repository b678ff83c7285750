/** Events of a hub for a client that reads no further, or is gone: what then fails ends its stream, and nothing else. */

import { setImmediate } from 'node:timers/promises'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { expect, onTestFinished, test } from 'vitest'
import type { HubContext } from '../../core/api/hub/procedure.ts'
import { hubRouter } from '../../core/api/hub/router.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { ORIGIN, SEQUENCER } from '../ledger/support.ts'

/** The buffers between a subscription and the network take a few events; all cases together fill them to every height. */
test.each([1, 2, 3, 4, 5, 6])('a hub may end after event %i, while a client reads no further, and then leaves', async (count) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const ending = Promise.withResolvers<void>()
  const client = (await eventsOf(count, ending.promise)).getReader()
  await turns()
  ending.reject(new StoreError('offline', 'The hub is ending.'))
  await turns()
  await client.cancel()
  await turns()
  expect(unhandled).toEqual([])
})

/** The stream of the log's sizes, as a program gets it: there are `count` of them, and the next is waited for until the end. */
async function eventsOf(count: number, ending: Promise<void>): Promise<ReadableStream<Uint8Array>> {
  let size = 1
  const host = {
    get published() {
      return signCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32), extensions: [] }, [SEQUENCER])
    },
    publishedBeyond: async () => {
      if (size === count) return ending
      size += 1
    },
    explain: () => ({ code: 'offline', message: 'The hub is ending.' }),
  }
  ending.catch(() => {})
  const context = { host, caller: async () => ({ rights: new Set(['own']) }) } as unknown as HubContext
  const req = new Request('http://hub.example/trpc/log.sizes', { headers: { accept: 'text/event-stream' } })
  const { body } = await fetchRequestHandler({ endpoint: '/trpc', req, router: hubRouter, createContext: () => context })
  return body!
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await setImmediate()
}
