/**
 * The scripts that a window's page is begun with, as texts: `pageWorld` in the page's own world, the others in the isolated one,
 * where the preload script runs. The worlds share the document and nothing else, and speak through events on it whose details
 * are texts. Functions without imports, since they are sent as they stand.
 */

/** What the page finds: the objects that the preload script exposes, frozen, their functions as handles to the other world. */
export function pageWorld(): void {
  const callbacks = new Map<number, (...values: unknown[]) => void>()
  let nextCallback = 1

  const clone = (value: unknown) => {
    // Throws for functions and platform objects, as the bridge does.
    structuredClone(value)
    return JSON.stringify(value)
  }
  const read = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text))

  function call(path: string, given: unknown[]): unknown {
    const values = given.map((value) => {
      if (typeof value !== 'function') return { text: clone(value) }
      callbacks.set(nextCallback, value as () => void)
      return { callback: nextCallback++ }
    })
    let answer: { error?: string; handle?: string; text?: string } = {}
    const hear = (event: Event) => {
      answer = JSON.parse((event as CustomEvent<string>).detail)
    }
    document.addEventListener('standin-answer', hear)
    document.dispatchEvent(new CustomEvent('standin-call', { detail: JSON.stringify({ path, values }) }))
    document.removeEventListener('standin-answer', hear)
    if (answer.error !== undefined) throw new Error(answer.error)
    const { handle } = answer
    return handle === undefined ? read(answer.text) : (...more: unknown[]) => call(handle, more)
  }

  document.addEventListener('standin-back', (event) => {
    const { callback, texts } = JSON.parse((event as CustomEvent<string>).detail) as { callback: number; texts: string[] }
    callbacks.get(callback)?.(...texts.map(read))
  })
  document.addEventListener('standin-expose', (event) => {
    const { name, functions } = JSON.parse((event as CustomEvent<string>).detail) as { name: string; functions: string[] }
    const api = Object.fromEntries(functions.map((key) => [key, (...given: unknown[]) => call(`${name}.${key}`, given)]))
    Object.defineProperty(globalThis, name, { value: Object.freeze(api), enumerable: true })
  })
}

type Listener = (event: object, ...values: unknown[]) => void

/** The preload script's side of the channel to the main process. */
export function isolatedIpc(): object {
  const world = globalThis as unknown as {
    standinSend(text: string): void
    standinReceive: (channel: string, text: string) => void
  }
  const listeners = new Map<string, Set<Listener>>()
  const ipcRenderer = {
    send: (channel: string, ...values: unknown[]) => {
      structuredClone(values)
      world.standinSend(JSON.stringify({ channel, values }))
    },
    on: (channel: string, listener: Listener) => {
      const known = listeners.get(channel) ?? new Set<Listener>()
      listeners.set(channel, known.add(listener))
      return ipcRenderer
    },
    off: (channel: string, listener: Listener) => {
      listeners.get(channel)?.delete(listener)
      return ipcRenderer
    },
  }
  world.standinReceive = (channel, text) => {
    for (const listener of listeners.get(channel) ?? []) listener({ sender: ipcRenderer }, ...JSON.parse(text))
  }
  return ipcRenderer
}

/** What exposes functions of the preload script to the page, and runs them when the page calls. */
export function isolatedBridge(): object {
  type Exposed = (...given: unknown[]) => unknown
  const exposed = new Map<string, Exposed>()
  let nextHandle = 1
  const tell = (name: string, detail: object) => document.dispatchEvent(new CustomEvent(name, { detail: JSON.stringify(detail) }))
  const back =
    (callback: number) =>
    (...values: unknown[]) =>
      tell('standin-back', { callback, texts: values.map((value) => JSON.stringify(value)) })

  document.addEventListener('standin-call', (event) => {
    const { path, values } = JSON.parse((event as CustomEvent<string>).detail) as {
      path: string
      values: { text?: string; callback?: number }[]
    }
    const given = values.map(({ text, callback }) => {
      if (callback !== undefined) return back(callback)
      return text === undefined ? undefined : JSON.parse(text)
    })
    try {
      const result = exposed.get(path)!(...given)
      if (typeof result !== 'function') tell('standin-answer', { text: JSON.stringify(result) })
      else {
        const handle = `handle ${nextHandle++}`
        exposed.set(handle, result as Exposed)
        tell('standin-answer', { handle })
      }
    } catch (error) {
      tell('standin-answer', { error: String((error as Error).message) })
    }
  })
  return {
    exposeInMainWorld: (name: string, api: Record<string, Exposed>) => {
      for (const [key, value] of Object.entries(api)) exposed.set(`${name}.${key}`, value)
      tell('standin-expose', { name, functions: Object.keys(api) })
    },
  }
}

/** Runs the preload script with what a sandboxed one can require: Electron, and nothing else. */
export function runPreload(electron: object, preload: (require: (name: string) => object, module: object) => void): void {
  const require = (name: string) => {
    if (name === 'electron' || name === 'electron/renderer') return electron
    throw new Error(`A sandboxed preload script cannot require ${name}.`)
  }
  preload(require, { exports: {} })
}
