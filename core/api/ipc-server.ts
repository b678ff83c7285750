/**
 * The router over Electron's IPC. Whatever arrives is checked before it is used: whether it comes from the window's own page, its
 * form, its size, how much is under way already. Calls end when the page navigates, reloads or is closed.
 */

import {
  type AnyTRPCRouter,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  isTrackedEnvelope,
  TRPCError,
  transformTRPCResponse,
} from '@trpc/server'
import { z } from 'zod'
import type { IpcChannel, IpcRequest, IpcResponse } from './ipc-messages.ts'

const CHANNEL: IpcChannel = 'nimledger:trpc'
const MAX_IN_FLIGHT = 256
const MAX_PATH_CHARACTERS = 128
const MAX_EVENT_ID_CHARACTERS = 64

/** What of Electron's WebContents is used. */
interface IpcSender {
  isDestroyed(): boolean
  send(channel: string, message: unknown): void
  on(event: 'did-start-navigation', listener: (details: { isMainFrame: boolean; isSameDocument: boolean }) => void): unknown
  once(event: 'destroyed', listener: () => void): unknown
}

/** What of Electron's IpcMainEvent is used. */
interface IpcEvent {
  readonly sender: IpcSender
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null
}

interface IpcMain {
  on(channel: string, listener: (event: IpcEvent, message: unknown) => void): unknown
}

interface IpcServerOptions<Context> {
  readonly ipcMain: IpcMain
  readonly router: AnyTRPCRouter
  /** Whether the frame that sends is the window's own page. */
  readonly isOwnPage: (event: IpcEvent) => boolean
  readonly createContext: () => Context
  readonly maxRequestBytes: number
}

type Call = Extract<IpcRequest, { kind: 'call' }>

/** Serves the router to the window's page. */
export function serveIpc<Context extends object>(options: IpcServerOptions<Context>): void {
  const { ipcMain, router, isOwnPage, createContext, maxRequestBytes } = options
  const form = requestForm(maxRequestBytes)
  const senders = new Map<IpcSender, Map<number, AbortController>>()
  ipcMain.on(CHANNEL, (event, message) => {
    if (!isOwnPage(event)) return
    const parsed = form.safeParse(message)
    // A message of another form has no id to answer to.
    if (!parsed.success) return
    const request = parsed.data as IpcRequest
    const { sender } = event
    const running = senders.get(sender) ?? welcome(senders, sender)
    if (request.kind === 'stop') {
      running.get(request.id)?.abort()
      return
    }
    const reply = (response: IpcResponse) => {
      if (!sender.isDestroyed()) sender.send(CHANNEL, transformTRPCResponse(router._def._config, response))
    }
    const answer = new Answer(router, request, createContext(), reply)
    if (running.has(request.id)) answer.fail(new TRPCError({ code: 'BAD_REQUEST', message: 'The id of the call is in use.' }))
    else if (running.size >= MAX_IN_FLIGHT)
      answer.fail(new TRPCError({ code: 'TOO_MANY_REQUESTS', message: `There are ${MAX_IN_FLIGHT} calls under way already.` }))
    else {
      const abort = new AbortController()
      running.set(request.id, abort)
      void answer.run(abort.signal).finally(() => running.delete(request.id))
    }
  })
}

function requestForm(maxInputCharacters: number) {
  const id = z.int().positive()
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('call'),
      id,
      type: z.enum(['query', 'mutation', 'subscription']),
      path: z.string().max(MAX_PATH_CHARACTERS),
      input: z.string().max(maxInputCharacters).optional(),
      lastEventId: z.string().max(MAX_EVENT_ID_CHARACTERS).optional(),
    }),
    z.strictObject({ kind: z.literal('stop'), id }),
  ])
}

/** A page that sends for the first time: its calls end with it. */
function welcome(senders: Map<IpcSender, Map<number, AbortController>>, sender: IpcSender): Map<number, AbortController> {
  const running = new Map<number, AbortController>()
  senders.set(sender, running)
  const stopAll = () => {
    for (const abort of running.values()) abort.abort()
    running.clear()
  }
  sender.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) stopAll()
  })
  sender.once('destroyed', () => {
    stopAll()
    senders.delete(sender)
  })
  return running
}

/** One call and the answers to it. */
class Answer {
  readonly #router: AnyTRPCRouter
  readonly #call: Call
  readonly #context: object
  readonly #reply: (response: IpcResponse) => void

  constructor(router: AnyTRPCRouter, call: Call, context: object, reply: (response: IpcResponse) => void) {
    this.#router = router
    this.#call = call
    this.#context = context
    this.#reply = reply
  }

  fail(cause: unknown): void {
    const { id, type, path } = this.#call
    const config = this.#router._def._config
    const error = getTRPCErrorFromUnknown(cause)
    this.#reply({ id, error: getTRPCErrorShape({ config, error, type, path, input: undefined, ctx: this.#context }) })
  }

  async run(signal: AbortSignal): Promise<void> {
    const { id, type, path } = this.#call
    try {
      const input = this.#readInput()
      const given = { router: this.#router, path, type, ctx: this.#context, signal, batchIndex: 0 }
      const result: unknown = await callTRPCProcedure({ ...given, getRawInput: async () => input })
      if (type === 'subscription') await this.#stream(result, signal)
      else if (!signal.aborted) this.#reply({ id, result: { type: 'data', data: result } })
    } catch (cause) {
      if (!signal.aborted) this.fail(cause)
    }
  }

  #readInput(): unknown {
    const { input, lastEventId } = this.#call
    let value: unknown
    try {
      value = input === undefined ? undefined : JSON.parse(input)
    } catch (cause) {
      throw new TRPCError({ code: 'PARSE_ERROR', message: 'The input is not JSON.', cause })
    }
    return lastEventId === undefined ? value : { ...(value as object | undefined), lastEventId }
  }

  async #stream(result: unknown, signal: AbortSignal): Promise<void> {
    const { id } = this.#call
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) {
      throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'A subscription gives one thing after another.' })
    }
    this.#reply({ id, result: { type: 'started' } })
    const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true })
      if (signal.aborted) resolve('aborted')
    })
    try {
      for (;;) {
        const next = await Promise.race([iterator.next(), aborted])
        if (next === 'aborted' || next.done) break
        this.#reply({ id, result: eventOf(next.value) })
      }
    } finally {
      // What waits inside sees the same signal; nobody waits for its end.
      void iterator.return?.()?.then(undefined, () => {})
    }
    if (!signal.aborted) this.#reply({ id, result: { type: 'stopped' } })
  }
}

function eventOf(value: unknown) {
  if (!isTrackedEnvelope(value)) return { type: 'data', data: value } as const
  const [id, data] = value
  return { type: 'data', id, data: { id, data } } as const
}
