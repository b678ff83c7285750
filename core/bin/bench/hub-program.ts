/**
 * The hub that is measured, in a process of its own: it is given the folder of a market, and returns where it serves. Beside it
 * is a bare server, which does nothing but answer: what HTTP alone costs on this machine.
 *
 *     POST /          the body is read to its end, and answered with a few bytes
 *     GET  /events    events as they are said
 *     POST /say       {"text":"…","times":100}: said so often to everybody who listens
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { NO_LIMITS } from '../../net/gate.ts'
import { serveHub } from '../../net/hub-server.ts'
import { failureOf } from '../failure.ts'
import { beginAmongNewObjects } from '../heap.ts'
import { hubAccess } from '../hub/access.ts'
import { HubLedger } from '../hub/hub-ledger.ts'
import { ORIGIN, reopen, sequencer } from './market.ts'

beginAmongNewObjects()

const HERE = { host: '127.0.0.1', port: 0 }

process.once('message', async (folder: string) => {
  const verifier = createVerifier()
  const host = await HubLedger.open({
    open: async () => reopen(await openSqliteWriter(folder), verifier),
    openSearched: () => openSqliteSearched(folder),
    sequencerKeys: () => [sequencer()],
    now: Date.now,
    explain: failureOf,
  })
  const access = hubAccess({ dir: folder, origin: ORIGIN, host, policy: () => 'public' })
  const gate = { limits: NO_LIMITS, names: [], proxies: [] }
  const hub = await serveHub({ host, access, gate, address: HERE })
  const bare = await serveBare()
  process.send!({ hub: hub.origin, bare: bare.origin })
  process.once('disconnect', async () => {
    bare.close()
    await hub.close()
    await host.close()
    await verifier.close()
  })
})

async function serveBare(): Promise<{ readonly origin: string; close(): void }> {
  const listeners = new Set<ServerResponse>()
  const server = createServer(async (request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
      return
    }
    const body = await readAll(request)
    if (request.url === '/say') {
      const { text, times } = JSON.parse(body) as { readonly text: string; readonly times: number }
      for (let i = 0; i < times; i++) for (const listener of listeners) listener.write(`data: ${text}\nid: ${i}\n\n`)
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((ready) => server.listen(HERE.port, HERE.host, ready))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { origin: `http://${HERE.host}:${(server.address() as AddressInfo).port}`, close }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
