/** The digest of a log's key, in groups that two people can read to each other. */
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { Copy } from './text.tsx'

const GROUP = /.{4}/g

/** Of the vkey's text, so that anybody can compute it: printf %s VKEY | sha256sum. */
function fingerprintOf(vkey: string): string {
  return toHex(sha256(utf8(vkey)))
    .match(GROUP)!
    .join(' ')
}

export function Fingerprint({ vkey }: { readonly vkey: string }) {
  const fingerprint = fingerprintOf(vkey)
  return (
    <span className="id fingerprint">
      <span className="mono">{fingerprint}</span>
      <Copy value={fingerprint} />
    </span>
  )
}
