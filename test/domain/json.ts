/** The JSON of tables: names and generators outside of strings, ${names} inside them. See table.ts. */

import { ed25519 } from '@noble/curves/ed25519.js'
import { assert } from '../../core/base/assert.ts'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { accountId } from '../../core/domain/ids.ts'
import { parseAmount } from '../../core/domain/money.ts'
import { parseSeconds } from '../../core/domain/time.ts'
import { sha256 } from '../../core/drivers/sha256.ts'

/**
 * What the names of a table stand for: `@ada` an account, `$law` a thing, `key(ada)` her public key in hex, `key(ada/phone)` that
 * of another key of hers, `keyid(ada/phone)` its id.
 */
export interface Names {
  account(person: string): string
  thing(name: string): string
  publicKey(person: string): string
  keyId(of: { readonly signer: string; readonly key?: string }): string
}

const publicKeys = new Map<string, Uint8Array>()

/** The Ed25519 public key that tests make of a name, always the same. */
export function publicKeyOf(name: string): Uint8Array {
  const known = publicKeys.get(name) ?? ed25519.getPublicKey(sha256(utf8(name)))
  publicKeys.set(name, known)
  return known
}

/** Account ids of nobody, as many as asked for. */
export function strangers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => accountId(sha256, utf8(`stranger ${i}`)))
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[@$]\w+|[a-z]+\([^()]*\)/g

export function expandJson(text: string, names: Names): string {
  return text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token.replace(/\$\{([@\w]+)\}/g, (_, name: string) => resolve(name, names))
    if (token.startsWith('@') || token.startsWith('$')) return JSON.stringify(resolve(token.replace('$', ''), names))
    return JSON.stringify(generate(token, names))
  })
}

export function parseJson(text: string, names: Names): Json {
  return JSON.parse(expandJson(text, names)) as Json
}

/** `@ada` or `law` to the id it stands for. */
function resolve(name: string, names: Names): string {
  return name.startsWith('@') ? names.account(name.slice(1)) : names.thing(name)
}

function generate(token: string, names: Names): Json {
  const [, name = '', list = ''] = /^([a-z]+)\((.*)\)$/.exec(token) ?? []
  const [first = '', second] = list.split(/,(.*)/)
  switch (name) {
    case 'key':
      return names.publicKey(first)
    case 'keyid': {
      const [signer = '', key] = first.split('/')
      return names.keyId({ signer, ...(key !== undefined && { key }) })
    }
    case 'hash':
      return toHex(sha256(utf8(first)))
    case 'time':
      return required(parseSeconds(first), token)
    case 'credits':
      return required(parseAmount(first), token).toString()
    case 'text':
      return (second ?? 'x').repeat(Number(first))
    case 'accounts':
      return strangers(Number(first))
    case 'repeat':
      return new Array<Json>(Number(first)).fill(parseJson(second!, names))
    default:
      return required<Json>(undefined, token)
  }
}

function required<T>(value: T | undefined, token: string): T {
  assert(value !== undefined, `${token} stands for something`)
  return value
}
