/** Servers that cannot be talked to, there or not: the sentence says what is wrong, and not in the words of a library. */

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { HubClient } from '../../core/net/hub-client.ts'
import { WitnessClient } from '../../core/net/witness-client.ts'

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const says = (answer: (socket: Socket) => void) => () => portOf(createServer((socket) => answer(socket.on('error', () => {}))))

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const NO_TLS =
  'what answers there does not speak TLS, as https needs it; look at the address and its port (ERR_SSL_WRONG_VERSION_NUMBER)'

const cases: readonly (readonly [what: string, scheme: string, port: () => Promise<number>, why: string])[] = [
  [
    'a server without TLS, asked by https',
    'https',
    () => portOf(createHttpServer((_, response) => response.end('here'))),
    NO_TLS,
  ],
  ['a server of something else, asked by https', 'https', says((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n')), NO_TLS],
  [
    'a server that knows no cipher of ours',
    'https',
    () => portOf(createTlsServer({ minVersion: 'TLSv1.3' })),
    'no TLS came about with it (ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE)',
  ],
  ['a server that hangs up', 'http', says((socket) => socket.end()), 'it ended the connection (UND_ERR_SOCKET)'],
  ['a server that hangs up before TLS', 'https', says((socket) => socket.end()), 'it ended the connection (ECONNRESET)'],
  ['nobody', 'http', freePort, 'nobody listens there (ECONNREFUSED)'],
]

it.each(cases)('%s', async (_what, scheme, port, why) => {
  const base = new URL(`${scheme}://127.0.0.1:${await port()}/`)
  const answer = new HubClient(base, { attempts: 1 }).checkpoint()
  await expect(answer).rejects.toMatchObject({ reason: 'offline', message: `${base}checkpoint cannot be read: ${why}.` })
  const witness = new WitnessClient(base).addCheckpoint(new Uint8Array(), AbortSignal.timeout(10_000))
  await expect(witness).rejects.toMatchObject({ reason: 'offline', message: `${base}add-checkpoint does not answer: ${why}.` })
})
