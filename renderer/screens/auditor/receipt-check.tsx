/** A receipt that somebody else handed over, checked in this page: dropped, or chosen as a file. */
import { Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ComparisonView, EntryDetail, FoundCheckpoint } from '../../../core/api/views.ts'
import { toBase64 } from '../../../core/base/bytes.ts'
import { MAX_PROOF_BYTES } from '../../../core/base/limits.ts'
import { Malformed } from '../../../core/base/malformed.ts'
import { type LogProof, parseProof } from '../../../core/log/proof.ts'
import { DropZone } from '../../components/drop-zone.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Failed, FailureNotice, Panel } from '../../components/layout.tsx'
import { Foreign, Sentence } from '../../components/text.tsx'
import { Verdict } from '../../components/verdict.tsx'
import { strings } from '../../strings.ts'
import { useTRPCClient } from '../../trpc.ts'
import { Evidence, Term } from './compared.tsx'
import { Proof } from './proof.tsx'

const { receiptCheck: t } = strings

interface Checked {
  /** The ledger's own entry, with the proof and the bytes of the file in the place of its own. */
  readonly detail: EntryDetail
  /** The receipt's checkpoint beside the newest one here. */
  readonly compared: ComparisonView
}

interface Dropped {
  readonly name: string
  readonly checked: Checked | Malformed
}

export function ReceiptCheck() {
  const client = useTRPCClient()
  const check = useMutation({
    mutationFn: async (file: File): Promise<Dropped> => {
      const bytes = new Uint8Array(await file.slice(0, MAX_PROOF_BYTES + 1).arrayBuffer())
      const proof = receiptIn(bytes)
      if (proof instanceof Malformed) return { name: file.name, checked: proof }
      const [own, compared] = await Promise.all([
        client.log.entry.query({ index: proof.index }),
        client.log.compare.query({ first: toBase64(bytes) }),
      ])
      const entry = proof.extra === undefined ? {} : { bytes: toBase64(proof.extra) }
      return { name: file.name, checked: { detail: { ...own, ...entry, proof: toBase64(bytes) }, compared } }
    },
  })
  return (
    <Panel title={t.title}>
      <Stack>
        <DropZone lead={t.lead} choose={t.choose} take={check.mutate} isBusy={check.isPending} />
        {check.error !== null && <FailureNotice error={check.error} />}
        {check.data !== undefined && <Outcome {...check.data} />}
      </Stack>
    </Panel>
  )
}

/** Receipts hold an entry, or rest on one that lies beside them; the proof of a balance is another file. */
function receiptIn(bytes: Uint8Array): LogProof | Malformed {
  const proof = parseProof(bytes, MAX_PROOF_BYTES)
  if (proof instanceof Malformed) return proof
  const isBalance = proof.extra?.[0] === '{'.charCodeAt(0)
  return isBalance ? new Malformed(t.balance) : proof
}

function Outcome({ name, checked }: Dropped) {
  if (checked instanceof Malformed) {
    return <Failed title={t.none} failure={{ code: 'damaged', message: `${name}: ${checked.reason}` }} />
  }
  const { detail, compared } = checked
  const checkpoint = compared.first
  const signer = signerOf(checkpoint)
  return (
    <Stack gap="sm">
      <Text component="div" className="linked">
        <Foreign className="strong">{name}</Foreign> · <EntryLink index={detail.index} /> ·{' '}
        <Sentence text={detail.summary} names={detail.names} />
      </Text>
      <Proof detail={detail} {...(signer?.vkey !== undefined && { vkey: signer.vkey })} />
      {signer?.term?.replaced !== undefined && (
        <Text size="sm" component="div">
          {t.earlierKey} <span className="mono">{signer.keyId}</span>
          <Term term={signer.term} />.
        </Text>
      )}
      {checkpoint.standing === 'other' && (
        <>
          <Verdict tone="bad" title={t.foreign}>
            {t.foreignText(checkpoint.size)}
          </Verdict>
          {compared.evidence !== undefined && <Evidence evidence={compared.evidence} />}
        </>
      )}
    </Stack>
  )
}

/** The key of the log that was in force at the receipt's size, where it signed. */
function signerOf({ signatures }: FoundCheckpoint) {
  return signatures.find(({ by, isValid }) => by === 'log' && isValid)
}
