/** The part of Electron's main-process module that main/ uses, on Node and the tests' Chromium. See README.md beside it. */

import { EventEmitter } from 'node:events'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { StandInWindow } from './window.ts'

interface Settings {
  readonly executablePath: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const settings = JSON.parse(process.env.STANDIN_BROWSER ?? '{}') as Settings
const switches = process.argv.filter((arg) => arg.startsWith('--'))
const userDataSwitch = switches.find((arg) => arg.startsWith('--user-data-dir='))

function option(name: string): string {
  return process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? ''
}

class App extends EventEmitter {
  readonly commandLine = {
    hasSwitch: (name: string) => switches.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)),
  }
  readonly #paths = new Map<string, string>([['userData', userDataSwitch === undefined ? '' : option('user-data-dir')]])
  #browser: Promise<BrowserContext> | undefined
  #isQuitting = false
  readonly handlers = new Map<string, (request: Request) => Response | Promise<Response>>()

  getVersion(): string {
    return '0.0.0'
  }

  getPath(name: string): string {
    return this.#paths.get(name) ?? join(this.#paths.get('userData')!, name)
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }

  async whenReady(): Promise<void> {
    await this.browser()
  }

  /** The browser that shows the windows; tests find its port in its folder, as any debugger would. */
  browser(): Promise<BrowserContext> {
    this.#browser ??= chromium.launchPersistentContext(join(this.getPath('userData'), 'chromium'), {
      executablePath: settings.executablePath,
      headless: true,
      viewport: { width: 1280, height: 820 },
      env: { ...(process.env as Record<string, string>), ...settings.env },
      args: [...settings.args, '--remote-debugging-port=0'],
    })
    return this.#browser
  }

  /** The file belongs to the first instance, and names it. */
  requestSingleInstanceLock(): boolean {
    const folder = this.getPath('userData')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'singleton')
    try {
      writeFileSync(openSync(file, 'wx'), String(process.pid))
    } catch {
      process.kill(Number(readFileSync(file, 'utf8')), 'SIGUSR2')
      return false
    }
    process.on('SIGUSR2', () => this.emit('second-instance'))
    process.on('exit', () => rmSync(file, { force: true }))
    return true
  }

  quit(): void {
    if (this.#isQuitting) return
    this.#isQuitting = true
    let isPrevented = false
    const event = { preventDefault: () => (isPrevented = true) }
    this.emit('before-quit', event)
    this.emit('will-quit', event)
    if (isPrevented) {
      this.#isQuitting = false
      return
    }
    void this.#end()
  }

  async #end(): Promise<void> {
    await (await this.#browser)?.close()
    this.emit('quit')
    process.exit(0)
  }
}

export const app = new App()
export const ipcMain = new EventEmitter()
export const powerMonitor = new EventEmitter()
process.on('SIGUSR1', () => powerMonitor.emit('lock-screen'))

export const protocol = {
  registerSchemesAsPrivileged: () => {},
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => app.handlers.set(scheme, handler),
}

export const session = {
  defaultSession: {
    setPermissionRequestHandler: () => {},
    setPermissionCheckHandler: () => {},
    setDevicePermissionHandler: () => {},
  },
}

export const safeStorage = {
  getSelectedStorageBackend: () => 'basic_text',
  isAsyncEncryptionAvailable: async () => true,
}

export const Menu = { setApplicationMenu: () => {}, buildFromTemplate: (template: unknown) => template }

export const dialog = { showErrorBox: (title: string, content: string) => void process.stderr.write(`${title}: ${content}\n`) }

export class BrowserWindow extends StandInWindow {
  constructor(options: ConstructorParameters<typeof StandInWindow>[0]) {
    super(options, { browser: () => app.browser(), handlers: app.handlers, ipcMain })
    this.on('closed', () => app.emit('window-all-closed'))
  }
}
