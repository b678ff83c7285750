/** The digest of a log's key, in groups that two people can read to each other. */
import { sha256 } from '@noble/hashes/sha2.js'
import { Fragment } from 'react'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { Copy } from './text.tsx'

const GROUP = /.{4}/g
const LINE = /.{16}/g

/** Of the vkey's text, so that anybody can compute it: printf %s VKEY | sha256sum. */
export function Fingerprint({ vkey }: { readonly vkey: string }) {
  const digest = toHex(sha256(utf8(vkey)))
  return (
    <span className="id fingerprint">
      <span className="mono">
        {digest.match(LINE)!.map((line) => (
          <Fragment key={line}>
            <span className="fingerprint-line">{line.match(GROUP)!.join(' ')}</span>{' '}
          </Fragment>
        ))}
      </span>
      <Copy value={digest} />
    </span>
  )
}
