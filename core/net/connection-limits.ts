/**
 * How many connections a server holds, in all and for each address. At the bound, room is made for the newest: of the connections
 * that keep the server waiting for a whole request, the one that has done so for longest is closed; if none does, the stream of
 * events that has run for longest, which its watcher resumes where it was. So whoever opens connections and says nothing, or says
 * it byte by byte, closes his own, and a caller who asks at once is answered. Only where all of them are being answered is the
 * newest turned away.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isEventStream } from './connections.ts'

interface ConnectionLimits {
  /** 0: no bound. */
  readonly connections: number
  readonly connectionsPerAddress: number
  /** Which address a connection counts for; undefined where it counts only among all of them. */
  readonly keyOf: (address: string | undefined) => string | undefined
  readonly turnedAway?: () => void
}

/** A connection: what it counts for, and the last request on it that is not answered yet. */
interface Connection {
  readonly key: string | undefined
  readonly asked?: { readonly request: IncomingMessage; readonly response: ServerResponse }
}

export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const { connections, connectionsPerAddress, keyOf, turnedAway = () => {} } = limits
  /** Both in the order in which they began to wait, or to be answered. */
  const all = new Map<Socket, Connection>()
  const byKey = new Map<string, Set<Socket>>()

  const put = (socket: Socket, connection: Connection): void => {
    remove(socket)
    all.set(socket, connection)
    const { key } = connection
    if (key !== undefined) byKey.set(key, (byKey.get(key) ?? new Set()).add(socket))
  }
  const remove = (socket: Socket): void => {
    const key = all.get(socket)?.key
    all.delete(socket)
    const group = key === undefined ? undefined : byKey.get(key)
    group?.delete(socket)
    if (group?.size === 0) byKey.delete(key!)
  }
  /** Whether there is room for one more among sockets of which there may be `maximum`, if need be after closing one. */
  const makeRoom = (sockets: Iterable<Socket>, size: number, maximum: number): boolean => {
    if (maximum === 0 || size < maximum) return true
    const spared = findSpare(sockets, all)
    if (spared === undefined) return false
    turnedAway()
    remove(spared)
    spared.destroy()
    return true
  }

  server.on('connection', (socket) => {
    const key = keyOf(socket.remoteAddress)
    const own = (key !== undefined && byKey.get(key)) || new Set<Socket>()
    if (makeRoom(own, own.size, connectionsPerAddress) && makeRoom(all.keys(), all.size, connections)) {
      put(socket, { key })
      socket.on('close', () => remove(socket))
    } else {
      turnedAway()
      socket.destroy()
    }
  })
  server.on('request', (request, response) => {
    const { socket } = request
    const connection = all.get(socket)
    // It was closed meanwhile to make room.
    if (connection === undefined) return
    const { key } = connection
    put(socket, { key, asked: { request, response } })
    response.on('close', () => {
      if (all.get(socket)?.asked?.response === response) put(socket, { key })
    })
  })
}

/** The connection that can best be spared. */
function findSpare(sockets: Iterable<Socket>, all: ReadonlyMap<Socket, Connection>): Socket | undefined {
  let watcher: Socket | undefined
  for (const socket of sockets) {
    const asked = all.get(socket)?.asked
    if (asked === undefined || !asked.request.complete) return socket
    if (watcher === undefined && isEventStream(asked.response)) watcher = socket
  }
  return watcher
}
