/** A receipt that somebody else handed over, checked in this page: dropped, or chosen as a file. */
import { Button, FileButton, Group, Stack, Text } from '@mantine/core'
import { IconFileCheck } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type DragEvent, useState } from 'react'
import type { EntryDetail } from '../../../core/api/views.ts'
import { toBase64 } from '../../../core/base/bytes.ts'
import { MAX_PROOF_BYTES } from '../../../core/base/limits.ts'
import { Malformed } from '../../../core/base/malformed.ts'
import { type LogProof, parseProof } from '../../../core/log/proof.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Failed, FailureNotice, Panel } from '../../components/layout.tsx'
import { Foreign, Sentence } from '../../components/text.tsx'
import { strings } from '../../strings.ts'
import { useTRPCClient } from '../../trpc.ts'
import { Proof } from './proof.tsx'

interface Dropped {
  readonly name: string
  /** The ledger's own entry, with the proof and the bytes of the file in the place of its own. */
  readonly detail: EntryDetail | Malformed
}

export function ReceiptCheck() {
  const client = useTRPCClient()
  const [isOver, setOver] = useState(false)
  const check = useMutation({
    mutationFn: async (file: File): Promise<Dropped> => {
      const bytes = new Uint8Array(await file.slice(0, MAX_PROOF_BYTES + 1).arrayBuffer())
      const proof = receiptIn(bytes)
      if (proof instanceof Malformed) return { name: file.name, detail: proof }
      const own = await client.log.entry.query({ index: proof.index })
      const entry = proof.extra === undefined ? {} : { bytes: toBase64(proof.extra) }
      return { name: file.name, detail: { ...own, ...entry, proof: toBase64(bytes) } }
    },
  })
  const take = (file: File | null | undefined) => file && check.mutate(file)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files[0])
  }
  const over = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const { receiptCheck: t } = strings
  return (
    <Panel title={t.title}>
      <Stack>
        <Group
          className="drop"
          data-over={isOver || undefined}
          onDragOver={over}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <IconFileCheck size={22} stroke={1.6} aria-hidden="true" />
          <Text size="sm" className="grow">
            {t.lead}
          </Text>
          <FileButton onChange={take} inputProps={{ 'aria-label': t.choose }}>
            {(props) => (
              <Button variant="default" loading={check.isPending} {...props}>
                {t.choose}
              </Button>
            )}
          </FileButton>
        </Group>
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
  return isBalance ? new Malformed(strings.receiptCheck.balance) : proof
}

function Outcome({ name, detail }: Dropped) {
  const { receiptCheck: t } = strings
  if (detail instanceof Malformed) {
    return <Failed title={t.none} failure={{ code: 'damaged', message: `${name}: ${detail.reason}` }} />
  }
  return (
    <Stack gap="sm">
      <Text component="div">
        <Foreign className="strong">{name}</Foreign> · <EntryLink index={detail.index} /> ·{' '}
        <Sentence text={detail.summary} names={detail.names} />
      </Text>
      <Proof detail={detail} />
    </Stack>
  )
}
