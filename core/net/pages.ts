/**
 * The built page and its files, as any transport hands them out: from one folder and nowhere else, with the headers that keep a
 * page from doing anything but show the ledger.
 */

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
}

const NONCE_PLACE = '__CSP_NONCE__'
const PAGE = 'index.html'
const DAYS_OF_ASSETS = 365

interface PageAnswer {
  readonly status: 200 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What may run, be loaded and be requested on the page: its own files, and styles that carry the nonce. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The headers of every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
}

/** The files of a built page, read once: no request ever reaches the file system. */
export class Pages {
  readonly #files: ReadonlyMap<string, Buffer>

  constructor(folder: string) {
    this.#files = new Map(listFiles(folder).map((file) => [file, readFileSync(join(folder, file))]))
  }

  /** The answer to a GET of a path such as "/" or "/assets/index-3f2a.js". */
  get(path: string): PageAnswer {
    const file = path === '/' ? PAGE : path.slice(1)
    const body = this.#files.get(file)
    if (body === undefined) return notFound()
    return file === PAGE ? page(body) : asset(file, body)
  }
}

function notFound(): PageAnswer {
  const headers = { ...COMMON_HEADERS, 'content-type': TYPES.txt!, 'content-security-policy': "default-src 'none'" }
  return { status: 404, headers, body: Buffer.from('There is nothing here.\n') }
}

function page(body: Buffer): PageAnswer {
  const nonce = randomBytes(16).toString('base64')
  const html = body.toString('utf8').replaceAll(NONCE_PLACE, nonce)
  return {
    status: 200,
    headers: {
      ...COMMON_HEADERS,
      'content-type': TYPES.html!,
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
    },
    body: Buffer.from(html),
  }
}

/** A built file has a digest of its content in its name, so it never changes. */
function asset(file: string, body: Buffer): PageAnswer {
  const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  const cache = file.startsWith('assets/') ? `public, max-age=${DAYS_OF_ASSETS * 86_400}, immutable` : 'no-cache'
  const headers = {
    ...COMMON_HEADERS,
    'content-type': type,
    'content-security-policy': "default-src 'none'",
    'cache-control': cache,
  }
  return { status: 200, headers, body }
}

function listFiles(folder: string, under = ''): string[] {
  if (statSync(join(folder, under), { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    return entry.isDirectory() ? listFiles(folder, path) : [path]
  })
}
