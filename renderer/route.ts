/**
 * Where in the console the reader is: the address's hash, "#/log/123?type=credit.topup". Back and forward work, and links are
 * links.
 */
import { useSyncExternalStore } from 'react'

export interface Route {
  /** The page: "log". Empty at the start. */
  readonly page: string
  /** What of the page: "123". */
  readonly thing?: string
  readonly search: URLSearchParams
}

export function href(page: string, thing?: string | number, search: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(search).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
  const query = new URLSearchParams(given).toString()
  return `#/${page}${thing === undefined ? '' : `/${thing}`}${query && `?${query}`}`
}

export function go(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  window.dispatchEvent(new Event('hashchange'))
}

/**
 * Closes what was opened over a page. Whoever came from that page goes back to it; otherwise it takes the place of what is
 * closed: so Back never opens again what was closed.
 */
export function leave(to: string): void {
  if (hashBefore() === to) window.history.back()
  else go(to, { replace: true })
}

/** A page that is gone to begins at its top; one that Back or Forward leads to stands where it was left, by the browser. */
export function beginAtTop(): void {
  if (!isReturning) window.scrollTo(0, 0)
}

let isReturning = false

const { navigation } = globalThis as { readonly navigation?: Navigation }
navigation?.addEventListener('navigate', ({ navigationType }) => {
  isReturning = navigationType === 'traverse'
})

/** Of the address that Back leads to, where the browser tells. */
function hashBefore(): string | undefined {
  const index = navigation?.currentEntry?.index ?? 0
  const url = navigation?.entries()[index - 1]?.url
  return url ? new URL(url).hash : undefined
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, readHash))
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page = '', thing = ''] = path.split('/')
  const search = new URLSearchParams(query)
  // Things are ids and indexes; nothing else is looked for.
  return /^\w+$/.test(thing) ? { page, thing, search } : { page, search }
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  window.addEventListener('popstate', changed)
  return () => {
    window.removeEventListener('hashchange', changed)
    window.removeEventListener('popstate', changed)
  }
}

function readHash(): string {
  return window.location.hash
}
