/** The connections of an HTTP server, so that it can end without cutting off an answer. */

import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How long an answer under way may still take once the server is to end. */
const DRAIN_MS = 3_000

export class Connections {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  /** The answer that is under way on each connection. */
  readonly #answering = new Map<Socket, ServerResponse>()

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
    })
    server.on('request', (_request, response) => this.#take(response))
  }

  #take(response: ServerResponse): void {
    const { socket } = response
    if (socket === null) return
    this.#answering.set(socket, response)
    response.on('close', () => {
      this.#answering.delete(socket)
      if (!this.#server.listening) socket.destroySoon()
    })
  }

  /** Takes nothing new, ends streams of events, lets other answers finish, and cuts off those that take too long. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#open) {
      const response = this.#answering.get(socket)
      if (response === undefined || isEventStream(response)) socket.destroy()
    }
    const timer = setTimeout(() => {
      for (const socket of this.#open) socket.destroy()
    }, DRAIN_MS)
    await closed
    clearTimeout(timer)
  }
}

/** Whether it is a stream of events, which ends with its connection alone. */
export function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream')
}
