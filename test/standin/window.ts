/** A window of the stand-in: one page of the browser, with the worlds that a sandboxed window has. */

import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { BrowserContext, CDPSession, Page, Route } from 'playwright-core'
import { isolatedBridge, isolatedIpc, pageWorld, runPreload } from './worlds.ts'

interface WindowOptions {
  readonly webPreferences?: Readonly<Record<string, unknown>>
}

interface Surroundings {
  readonly browser: () => Promise<BrowserContext>
  readonly handlers: ReadonlyMap<string, (request: Request) => Response | Promise<Response>>
  readonly ipcMain: EventEmitter
}

const WORLD = 'standin'
/** Chromium knows no schemes but its own, so a window's pages are shown under this host and named back. */
const SHOWN = /^https:\/\/([^./]+)\.([^./]+)\.standin(?=\/)/

const shown = (url: string) => url.replace(/^([a-z]+):\/\/([^/]+)/, 'https://$2.$1.standin')
const named = (url: string) => url.replace(SHOWN, '$2://$1')

export class StandInWindow extends EventEmitter {
  readonly webContents: WebContents
  readonly #options: WindowOptions
  readonly #surroundings: Surroundings
  #page: Page | undefined
  #cdp: CDPSession | undefined
  #world: number | undefined
  #isDestroyed = false
  #decide: (details: { url: string }) => { action: string } = () => ({ action: 'allow' })

  constructor(options: WindowOptions, surroundings: Surroundings) {
    super()
    const { sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {}
    if (sandbox !== true || contextIsolation !== true || nodeIntegration !== false)
      throw new Error('The stand-in has sandboxed, isolated windows without Node, and no others.')
    this.#options = options
    this.#surroundings = surroundings
    this.webContents = new WebContents({
      isDestroyed: () => this.#isDestroyed,
      send: (channel, message) => this.#deliver(channel, message),
      decideOpening: (decide) => {
        this.#decide = decide
      },
    })
  }

  async loadURL(url: string): Promise<void> {
    const page = this.#page ?? (await this.#open())
    await page.goto(shown(url), { waitUntil: 'load' })
    this.emit('ready-to-show')
  }

  isDestroyed = () => this.#isDestroyed
  isMinimized = () => false
  show = () => this.emit('show')
  restore = () => {}
  focus = () => this.emit('focus')

  async #open(): Promise<Page> {
    const context = await this.#surroundings.browser()
    for (const [scheme, handler] of this.#surroundings.handlers) {
      await context.route(new RegExp(`^https://[^./]+\\.${scheme}\\.standin/`), (route) => answer(route, handler))
    }
    const page = context.pages()[0] ?? (await context.newPage())
    this.#page = page
    const cdp = await context.newCDPSession(page)
    this.#cdp = cdp
    cdp.on('Runtime.executionContextCreated', ({ context: world }) => {
      if (world.name === WORLD) this.#world = world.id
    })
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === 'standinSend') this.#receive(payload)
    })
    cdp.on('Page.frameStartedNavigating', ({ url, navigationType }) => {
      const isSameDocument = /sameDocument/i.test(navigationType)
      this.webContents.emit('did-start-navigation', { url: named(url), isMainFrame: true, isSameDocument })
    })
    await cdp.send('Runtime.enable')
    await cdp.send('Page.enable')
    await cdp.send('Runtime.addBinding', { name: 'standinSend', executionContextName: WORLD })
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${pageWorld})()` })
    const preload = readFileSync(String(this.#options.webPreferences!.preload), 'utf8')
    const electron = `{ ipcRenderer: (${isolatedIpc})(), contextBridge: (${isolatedBridge})() }`
    const script = `function (require, module) { const exports = module.exports;\n${preload}\n}`
    const source = `if (self === top) (${runPreload})(${electron}, ${script})`
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD })
    page.on('popup', (popup) => {
      if (this.#decide({ url: popup.url() }).action === 'deny') void popup.close()
    })
    page.on('close', () => {
      this.#isDestroyed = true
      this.webContents.emit('destroyed')
      this.emit('closed')
    })
    return page
  }

  /** A message from the preload script, with the frame that it came from. */
  #receive(payload: string): void {
    const { channel, values } = JSON.parse(payload) as { channel: string; values: unknown[] }
    const senderFrame = { url: named(this.#page!.url()), parent: null }
    this.#surroundings.ipcMain.emit(channel, { sender: this.webContents, senderFrame }, ...values)
  }

  #deliver(channel: string, message: unknown): void {
    if (this.#isDestroyed || this.#world === undefined) return
    // A page that navigates meanwhile does not hear it, as in Electron.
    void this.#cdp!.send('Runtime.callFunctionOn', {
      functionDeclaration: '(channel, text) => standinReceive(channel, text)',
      arguments: [{ value: channel }, { value: JSON.stringify([message]) }],
      executionContextId: this.#world,
    }).catch(() => {})
  }
}

interface Doings {
  readonly isDestroyed: () => boolean
  readonly send: (channel: string, message: unknown) => void
  readonly decideOpening: (decide: (details: { url: string }) => { action: string }) => void
}

class WebContents extends EventEmitter {
  readonly #doings: Doings

  constructor(doings: Doings) {
    super()
    this.#doings = doings
  }

  isDestroyed(): boolean {
    return this.#doings.isDestroyed()
  }

  send(channel: string, message: unknown): void {
    this.#doings.send(channel, message)
  }

  setWindowOpenHandler(decide: (details: { url: string }) => { action: string }): void {
    this.#doings.decideOpening(decide)
  }
}

async function answer(route: Route, handler: (request: Request) => Response | Promise<Response>): Promise<void> {
  const response = await handler(new Request(named(route.request().url()), { method: route.request().method() }))
  const body = Buffer.from(await response.arrayBuffer())
  await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body })
}
