/** The window's page, under a scheme of its own: an origin that nothing else has, with the headers of any careful web server. */

import type { Protocol } from 'electron'
import type { Pages } from '../core/net/pages.ts'

const SCHEME = 'nimledger'
const ORIGIN = `${SCHEME}://console`

export const PAGE = `${ORIGIN}/`

/** To be called before the app is ready. */
export function registerScheme(protocol: Protocol): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }])
}

export function servePage(protocol: Protocol, pages: Pages): void {
  protocol.handle(SCHEME, (request) => {
    const { host, pathname } = new URL(request.url)
    if (host !== 'console' || request.method !== 'GET') return new Response(null, { status: 404 })
    const { status, headers, body } = pages.get(pathname)
    return new Response(new Uint8Array(body), { status, headers })
  })
}

/** Whether a frame is the window's own page: its top frame, at its address. */
export function isOwnPage(frame: { readonly url: string; readonly parent: unknown } | null): boolean {
  return frame !== null && frame.parent === null && frame.url.replace(/#.*$/s, '') === PAGE
}
