/** What this page found when it checked an entry itself: each step, the hashes, and the verdict. */
import { Collapse, Loader, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconAlertOctagon, IconCheck, IconChevronDown, IconShieldCheck, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { EntryDetail } from '../../../core/api/views.ts'
import { Facts, FailureNotice } from '../../components/layout.tsx'
import { Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { formatCount } from '../../format.ts'
import { strings } from '../../strings.ts'
import { type Verification, verifyEntry } from '../../verification.ts'

export function Proof({ detail }: { readonly detail: EntryDetail }) {
  const { ledger } = useDesk()
  const check = useQuery({
    queryKey: ['verification', detail, ledger.vkey],
    queryFn: () => verifyEntry(detail, ledger.vkey),
    gcTime: 0,
    retry: false,
  })
  const { proof: t } = strings
  if (check.error !== null) return <FailureNotice error={check.error} />
  if (check.data === undefined) return <Loader size="sm" aria-label={t.running} />
  return <Checked found={check.data} vkey={ledger.vkey} />
}

function Checked({ found, vkey }: { readonly found: Verification; readonly vkey: string }) {
  const { ok, steps, siblings, signatures, leaf, root, size } = found
  const [isOpen, { toggle }] = useDisclosure(!ok)
  const { proof: t } = strings
  const Shape = ok ? IconShieldCheck : IconAlertOctagon
  return (
    <Stack gap="sm">
      <div className="verdict" data-tone={ok ? 'good' : 'bad'} role="status">
        <Shape size={24} stroke={1.7} aria-hidden="true" />
        <div>
          <Text fw={620}>{ok ? t.verified : t.failed}</Text>
          <Text size="sm">{ok ? t.verifiedText : t.failedText}</Text>
        </div>
      </div>
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
      <div className="unfold">
        <UnstyledButton className="unfold-head" onClick={toggle} aria-expanded={isOpen}>
          <IconChevronDown size={16} data-open={isOpen || undefined} /> {t.hashes}
        </UnstyledButton>
        <Collapse expanded={isOpen}>
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
        </Collapse>
      </div>
    </Stack>
  )
}
