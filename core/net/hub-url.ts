/**
 * The address of a hub, or of any server of a log's tiles. Strict, because a vkey is pinned to it and notes are sent there:
 *
 *     https://hub.example/credits/        anywhere, over TLS
 *     http://127.0.0.1:4747/              without TLS on this machine alone
 *
 * No name and password, no query, no fragment. What the log serves lies below the path.
 */

import { Malformed } from '../base/malformed.ts'
import { isLoopbackHost } from './address.ts'

const MAX_URL_CHARACTERS = 2_000

/** The address with a slash at its end. */
export function parseHubUrl(text: string): URL | Malformed {
  if (text.length > MAX_URL_CHARACTERS) return new Malformed(`a hub's address has at most ${MAX_URL_CHARACTERS} characters`)
  const url = URL.parse(text)
  if (url === null) return new Malformed("a hub's address is a URL such as https://hub.example/credits")
  const isLocal = url.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (url.protocol !== 'https:' && !isLocal) return new Malformed('a hub is reached by https, or by http on this machine alone')
  if (url.username !== '' || url.password !== '') return new Malformed("a hub's address holds no name and no password")
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text))
    return new Malformed("a hub's address has no query and no fragment")
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
