/** What this page found when it checked an entry itself: each step, the hashes, and the verdict. */
import { Loader, Stack } from '@mantine/core'
import { IconCheck, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { EntryDetail } from '../../../core/api/views.ts'
import { Facts, FailureNotice } from '../../components/layout.tsx'
import { Id } from '../../components/text.tsx'
import { Unfold } from '../../components/unfold.tsx'
import { Verdict } from '../../components/verdict.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'
import { type Verification, verifyEntry } from '../../verification.ts'

interface ProofProps {
  readonly detail: EntryDetail
  /** The log's key that has to have signed, where it is not the one of now. */
  readonly vkey?: string
}

export function Proof({ detail, vkey: given }: ProofProps) {
  const { ledger } = useDesk()
  const vkey = given ?? ledger.vkey
  const check = useQuery({
    queryKey: ['verification', detail, vkey],
    queryFn: () => verifyEntry({ detail, vkey, ownVkey: ledger.vkey }),
    gcTime: 0,
    retry: false,
  })
  const { proof: t } = strings
  if (check.error !== null) return <FailureNotice error={check.error} />
  if (check.data === undefined) return <Loader size="sm" aria-label={t.running} />
  return <Checked found={check.data} vkey={vkey} />
}

function Checked({ found, vkey }: { readonly found: Verification; readonly vkey: string }) {
  const { ok, steps, siblings, signatures, leaf, root, size } = found
  const { proof: t } = strings
  return (
    <Stack gap="sm">
      <Verdict tone={ok ? 'good' : 'bad'} title={ok ? t.verified : t.failed}>
        {ok ? t.verifiedText : t.failedText}
      </Verdict>
      <ol className="steps">
        {steps.map(({ name, ok: isGood, fault }) => (
          <li key={name} data-ok={isGood || undefined}>
            {isGood ? <IconCheck size={15} aria-hidden="true" /> : <IconX size={15} aria-hidden="true" />}
            <span>
              {name === 'path'
                ? t.steps.path(siblings.length)
                : name === 'signatures'
                  ? t.steps.signatures(signatures)
                  : t.steps[name]}
              {fault !== undefined && <strong> {t.not(fault)}</strong>}
            </span>
          </li>
        ))}
      </ol>
      <Unfold title={t.hashes} isOpen={!ok}>
        <Stack gap="xs" mt="xs">
          <Facts
            rows={[
              leaf === undefined ? undefined : [t.leaf, <Id key="leaf" value={leaf} full />],
              ...siblings.map(
                ({ start, end, hash }) => [`+ ${t.range(start, end)}`, <Id key={hash} value={hash} full />] as const,
              ),
              root === undefined ? undefined : [t.root, <Id key="root" value={root} full />],
              size === undefined ? undefined : [t.treeSize, formatCount(size)],
              [t.logKey, <Id key="key" value={vkey} full />],
            ]}
          />
        </Stack>
      </Unfold>
    </Stack>
  )
}
