/**
 * A witness over HTTP, c2sp.org/tlog-witness:
 *
 *     POST /add-checkpoint                      a log asks for a cosignature: see core/log/add-checkpoint.ts
 *     GET  /<SHA-256 of an origin>/checkpoint   the last checkpoint of that log that was cosigned
 *     GET  /healthz                             200 while it runs
 *
 * Whoever asks needs no right but the log's signature, so everything is bounded: a body's size and how long it may take, and
 * connections, of which those that say nothing make room for others. TLS is for a web server in front of it.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { MAX_ADD_CHECKPOINT_BYTES, SIZE_TYPE } from '../log/add-checkpoint.ts'
import type { Witness } from '../sync/witness.ts'
import { type Address, listen } from './address.ts'
import { limitConnections } from './connection-limits.ts'
import { Connections } from './connections.ts'

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  // Longer than a proxy keeps its connections, so that none is closed at the moment at which it is used again.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 1_000,
}
const MAX_CONNECTIONS = 256
const MAX_HEADERS = 50
const TEXT = 'text/plain; charset=utf-8'

interface WitnessServerOptions {
  readonly witness: Witness
  readonly address: Address
  /** Is told what kept the witness from answering. */
  readonly failed: (error: unknown) => void
}

interface WitnessServer {
  /** For instance "http://127.0.0.1:4748". */
  readonly origin: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type?: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export async function serveWitness({ witness, address, failed }: WitnessServerOptions): Promise<WitnessServer> {
  const server = createServer(LIMITS, (request, response) => {
    answer(witness, request)
      .catch((error: unknown) => {
        // A caller that hung up in the middle of its request is no failure of the witness.
        if (request.complete) failed(error)
        return { status: 503, body: 'The witness cannot answer now.\n', headers: { 'retry-after': '10' } }
      })
      .then((one) => send(request, response, one))
  })
  server.maxHeadersCount = MAX_HEADERS
  // Of all together: behind a web server they come from one address.
  limitConnections(server, { connections: MAX_CONNECTIONS, connectionsPerAddress: 0, keyOf: () => undefined })
  const connections = new Connections(server)
  const { origin } = await listen(server, address)
  return { origin, close: () => connections.close() }
}

async function answer(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const { method = '', url = '' } = request
  if (url === '/add-checkpoint') return method === 'POST' ? addCheckpoint(witness, request) : notAllowed('POST')
  const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url)?.[1]
  if (hash === undefined && url !== '/healthz') return { status: 404, body: 'There is nothing here.\n' }
  if (method !== 'GET' && method !== 'HEAD') return notAllowed('GET, HEAD')
  if (hash === undefined) return { status: 200, body: 'ok\n' }
  const checkpoint = await witness.latest(hash)
  if (checkpoint === undefined) return { status: 404, body: 'No checkpoint of this log was cosigned here.\n' }
  return { status: 200, body: checkpoint, headers: { 'cache-control': 'max-age=5' } }
}

function notAllowed(methods: string): Answer {
  return { status: 405, body: `Here ${methods} is answered.\n`, headers: { allow: methods } }
}

async function addCheckpoint(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const body = await readBody(request)
  if (body === undefined) return { status: 413, body: `A request has at most ${MAX_ADD_CHECKPOINT_BYTES} bytes.\n` }
  const answered = await witness.addCheckpoint(body)
  if (answered.status === 200) return { status: 200, body: answered.lines }
  if (answered.status === 409) return { status: 409, type: SIZE_TYPE, body: `${answered.size}\n` }
  return { status: answered.status, body: `${answered.reason}\n` }
}

/** The body; undefined where it is longer than a request may be. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MAX_ADD_CHECKPOINT_BYTES) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function send(request: IncomingMessage, response: ServerResponse, { status, type = TEXT, body, headers }: Answer): void {
  if (response.destroyed) return
  const bytes = Buffer.from(body)
  // What the sender has still to say is not read.
  const rest = request.complete ? {} : { connection: 'close' }
  const common = { 'content-type': type, 'content-length': String(bytes.length), 'x-content-type-options': 'nosniff' }
  response.writeHead(status, { 'cache-control': 'no-store', ...common, ...rest, ...headers })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
