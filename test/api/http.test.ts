/** The console over HTTP: what every transport does, and what only this one has to withstand. */

import { connect as connectSocket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { httpClient, marketCopy, openDesk, serve, visit } from './console.ts'
import { consoleSpec } from './spec.ts'

describe('the console over HTTP', () => {
  consoleSpec(async () => {
    const market = await marketCopy()
    const server = await serve(openDesk(market.dir))
    return { market, ...httpClient(server.origin, await visit(server.url)) }
  })
})
